"""Times and sizes of the protocol, in one record, each with its reason."""

from lab_agents.records.base import Record
from lab_agents.records.quantities import Seconds


class Settings(Record):
    """Wall-clock times of liveness and retries; laboratory time is never among them.

    Tests shrink them; a laboratory may stretch them on slow machines, all in proportion.
    """

    beat: Seconds = 0.5
    """Between beats, statuses, heads and permits: four of them fit into `lost`."""
    lost: Seconds = 2.0
    """Silence after which something counts as lost: longer would let a second owner start too late, shorter trips on
    a busy machine."""
    kill: Seconds = 5.0
    """Silence after which a guard kills a child: twice `lost` and a margin, so that a paused laptop is no
    massacre."""
    ask_again: Seconds = 1.0
    """An unanswered question is asked again."""
    window: Seconds = 10.0
    """A bidder silent for so long no longer holds the window open."""
    accept: Seconds = 5.0
    """An award unanswered for so long is withdrawn."""
    declare_out: Seconds = 30.0
    """A silent agent no longer holds the simulated clock."""
    poll: Seconds = 0.02
    """Between two looks at whether a program has ended."""
    request: Seconds = 2.0
    """An instrument that does not answer a request on the wire within this is unreachable."""
    group_entries: int = 64
    """At most so many entries in one commit, gathered while the one before is written: keeps the transaction below
    50 ms on a slow disk."""
    poison_tries: int = 3
    """A handler that raised so often is stuck."""
    starting: Seconds = 30.0
    """A child that has not beaten once for so long after its start is killed: imports of a dozen processes at once took
    8 s on two cores, and a cold disk is slower."""
    safe_for: Seconds = 5.0
    """A safe state counts once it was read back unchanged for so long: bytes in flight have arrived by then."""
    compute_workers: int = 1
    """Processes that compute; each uses one torch thread."""
    restart_window: Seconds = 60.0
    restarts: int = 5
    """More ends than this within the window: the guard holds the child and asks a person."""
    backoff: Seconds = 10.0
    """The longest wait before a restart."""


DEFAULT = Settings()
