"""Every fault that a plan may name: what it does, what it takes, whom it may strike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Manner = Literal["blow", "network", "instrument"]
"""`blow`: given a number of times while the campaign runs. `network`: to each message with a chance. `instrument`: to
each start or record of a simulated instrument with a chance."""
Target = Literal["process", "agent", "station", "instrument", "nothing"]


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        what: What it does, for people.
        manner: How it is given.
        targets: What `of` may name.
        seconds: How long it lasts unless the plan says otherwise, in wall seconds; None where that has no meaning.
        setting: The network's or the simulated laboratory's own name for it.
        by_default: Whom it strikes where the plan names nobody; empty means all that `targets` allows.
    """

    what: str
    manner: Manner
    targets: Target = "nothing"
    seconds: float | None = None
    setting: str = ""
    by_default: tuple[str, ...] = ()


FAULTS: Mapping[str, Kind] = {
    "kill": Kind("kill -9; guard or `lab-agents resume` start the next one", "blow", "process"),
    "freeze": Kind("SIGSTOP, and SIGCONT after `seconds` where nobody has killed it by then", "blow", "process", 7.0),
    "power_cut": Kind("the simulated hardware is killed and starts again: every instrument in mid-move", "blow"),
    "broker_restart": Kind("the broker is killed; the next one has what was kept", "blow"),
    "broker_loss": Kind("the broker is killed and what it had kept is deleted", "blow"),
    "partition": Kind("nothing passes between a process and the broker for `seconds`", "blow", "agent", 10.0),
    "messages_dropped": Kind("a message never arrives, though its sender is told so", "network", setting="loss"),
    "messages_unanswered": Kind("a message arrives, and its sender is not told", "network", setting="silence"),
    "messages_doubled": Kind("a message arrives twice", "network", setting="doubling"),
    "messages_delayed": Kind("a message and all behind it wait up to a second", "network", setting="delay"),
    "messages_reordered": Kind("a message is overtaken by those of the next second", "network", setting="reordering"),
    "store_locked": Kind("somebody else holds the log's database for `seconds`", "blow", seconds=8.0),
    "store_full": Kind("the recorder's disk takes nothing for `seconds`", "blow", seconds=8.0),
    "store_read_only": Kind("the recorder meets its database read-only for `seconds`", "blow", seconds=5.0),
    "journal_full": Kind("an agent's disk takes nothing for `seconds`", "blow", "agent", 8.0),
    "clock_forward": Kind("the machine's wall clock is an hour ahead for `seconds`", "blow", seconds=10.0),
    "clock_back": Kind("the machine's wall clock is an hour behind for `seconds`", "blow", seconds=10.0),
    "messages_malformed": Kind("a message arrives as bytes that nobody can read", "network", setting="garbling"),
    "instrument_slow": Kind("a program takes three times as long", "instrument", setting="slow_program_rate"),
    "instrument_hangs": Kind(
        "an instrument begins and answers seconds too late", "instrument", "instrument", setting="late_answer_rate"
    ),
    "instrument_silent": Kind(
        "an instrument on Modbus begins and hangs up instead of answering", "instrument", setting="lost_answer_rate"
    ),
    "instrument_disconnects": Kind(
        "an instrument hangs up on everybody as it begins", "instrument", "instrument", setting="disconnect_rate"
    ),
    "instrument_refuses": Kind("an instrument refuses a start", "instrument", "instrument", setting="refusal_rate"),
    "instrument_forgets": Kind(
        "an instrument does not know a token that it has accepted",
        "instrument",
        "instrument",
        setting="forgotten_token_rate",
    ),
    "instrument_nan": Kind("a record holds no numbers", "instrument", "instrument", setting="nan_rate"),
    "instrument_wrong": Kind(
        "a record holds numbers three times too large", "instrument", "instrument", setting="wrong_reading_rate"
    ),
}
"""All faults by the name that a plan calls them."""
