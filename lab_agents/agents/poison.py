"""An entry that an agent cannot take: what it says of it, and which entry lets it go on."""

import hashlib

from lab_agents.agents.behaviour import Draft
from lab_agents.errors import UnreadableEntryError
from lab_agents.messages.commands import EntryVoided
from lab_agents.messages.frames import Logged, Passed
from lab_agents.messages.life import TroubleMet
from lab_agents.records.ticket import Trouble


def stuck_at(agent: str, position: int, what: str, trace: str) -> tuple[str, Draft]:
    """The trouble of an agent that stands at an entry, and the name that its id derives from.

    The same failure after a restart has the same name, hence is the same entry; another one is news.
    """
    trouble = Trouble(
        what=what[:2000],
        severity="stopped",
        evidence={"trace": trace[-4000:], "position": str(position)},
        remedies=("ship a fix and restart the agent", f"lab-agents log void {position} --reason WHY"),
    )
    name = f"stuck/{position}-{hashlib.sha256(trace.encode()).hexdigest()[:8]}"
    return name, Draft(body=TroubleMet(trouble=trouble, position=position), subject=agent)


def tells_stuck(agent: str, logged: Logged | Passed | UnreadableEntryError) -> bool:
    """Whether an entry is what this agent said when it was stuck."""
    return isinstance(logged, Logged) and logged.entry.id.startswith(f"{agent}/stuck/")


def voids(logged: Logged | Passed | UnreadableEntryError, position: int) -> bool:
    """Whether an entry is a person's word that the one at `position` may be passed over."""
    record = logged.entry.record if isinstance(logged, Logged) else None
    return isinstance(record, EntryVoided) and record.position == position
