"""Whether a drill of the emergency stop is due, by the reports that the guards keep."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime

from lab_agents.messages.frames import StopRequest
from lab_agents.records.base import Record
from lab_agents.records.drills import Drills


class DrillStanding(Record):
    """When the emergency stop was tried last, and when it is to be tried again; wall time.

    `last_at` is None where some machine never passed a drill: then one is due, and `due_at` is None too.
    """

    every: str
    person: str
    last_at: AwareDatetime | None
    due_at: AwareDatetime | None
    is_due: bool

    def to_text(self) -> str:
        """One line for people."""
        if self.last_at is None or self.due_at is None:
            return f"drill OVERDUE: none has passed here yet, wanted every {self.every}; {self.person} sees to it"
        last, due = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (self.last_at, self.due_at))
        if self.is_due:
            return f"drill OVERDUE since {due}: the last one passed on {last}; {self.person} sees to it"
        return f"no drill due before {due}: the last one passed on {last}"


def drill_standing(drills: Drills, drilled: Sequence[StopRequest | None], now: datetime) -> DrillStanding:
    """How a laboratory stands with its drills.

    Args:
        drills: What the lab file asks for.
        drilled: The last drill that passed on each machine, or None; the one that is longest ago counts.
        now: The present wall time.
    """
    passed = [drill.at for drill in drilled if drill is not None]
    last = min(passed) if len(passed) == len(drilled) else None
    due = None if last is None else drills.due_after(last)
    return DrillStanding(
        every=drills.every, person=drills.person, last_at=last, due_at=due, is_due=due is None or due <= now
    )
