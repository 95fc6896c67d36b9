"""Drills of the emergency stop, as supervision watches them: one that is overdue is a ticket, until one has passed.

Whether a drill is held is the business of people and of the machine's timers; nothing here stops a laboratory.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from lab_agents.messages.course import DrillPassed
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import LabChanged, LabOpened, Timer, TimerRang
from lab_agents.records.base import FrozenMap, Name, Record, with_item
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.ticket import Trouble

DRILL = "drill"
"""Purpose of the timer whose subject is the laboratory."""
SKEW = timedelta(minutes=10)
"""By how much the recorder's clock may be behind supervision's (assumption). It stays below the shortest interval, an
hour: a ring that a drill overtook is told from one that counts by the time left."""


class DrillWatch(Record):
    """What is known of drills: since when they are asked for, the last that passed on each machine.

    `told` is the position of the entry that made an overdue one a ticket, 0 where none is open for it.
    """

    since: AwareDatetime | None = None
    passed: FrozenMap[Name, DrillPassed] = Field(default_factory=dict)
    told: int = 0

    def last(self, lab: Laboratory) -> AwareDatetime | None:
        """When the machine that has waited longest passed a drill; None if one never did."""
        held = [self.passed[machine].held_at for machine in lab.machines if machine in self.passed]
        return min(held) if len(held) == len(lab.machines) else None

    def due(self, lab: Laboratory | None) -> AwareDatetime | None:
        """When the next drill is due (wall time), or None where nobody asks for any; at once if none ever passed."""
        if lab is None or lab.drills is None:
            return None
        last = self.last(lab)
        return self.since if last is None else lab.drills.due_after(last)

    def timers(self, lab: Laboratory | None) -> tuple[Timer, ...]:
        """When to tell that a drill is overdue."""
        due = self.due(lab)
        if lab is None or due is None or self.told:
            return ()
        return (Timer(subject=lab.name, purpose=DRILL, until=due),)


def follow_drills(watch: DrillWatch, logged: Logged, lab: Laboratory | None, me: str) -> DrillWatch:
    """What is known of drills after an entry; `lab` is the laboratory after it."""
    body, at = logged.entry.record, logged.seal.recorded_at
    match body:
        case LabOpened() | LabChanged():
            since = None if lab is None or lab.drills is None else watch.since or at
            watch = watch.model_copy(update={"since": since})
        case DrillPassed(machine=machine):
            watch = watch.model_copy(update={"passed": with_item(watch.passed, machine, body)})
        case TimerRang() if is_overdue(watch, logged, lab, me):
            return watch.model_copy(update={"told": logged.position})
        case _:
            return watch
    due = watch.due(lab)
    return watch.model_copy(update={"told": 0}) if watch.told and (due is None or due > at) else watch


def is_overdue(watch: DrillWatch, logged: Logged, lab: Laboratory | None, me: str) -> bool:
    """Whether an own timer says that a drill is overdue, and none passed meanwhile."""
    body, due = logged.entry.record, watch.due(lab)
    if not isinstance(body, TimerRang) or body.purpose != DRILL or logged.seal.source != me:
        return False
    return due is not None and not watch.told and logged.seal.recorded_at + SKEW >= due


def drill_trouble(watch: DrillWatch, lab: Laboratory) -> Trouble:
    """What to tell of a drill that is overdue; no deadline closes it, because a drill does."""
    last, drills = watch.last(lab), lab.drills
    tried = "never tried" if last is None else f"last tried on {_day(last)}"
    every, person = ("", "") if drills is None else (drills.every, drills.person)
    return Trouble(
        what=f"drill overdue: the emergency stop of {lab.name} was {tried}, wanted every {every}; {person} sees to it",
        evidence={
            "command": f"lab-agents drill --person {person}",
            **{f"passed on {machine}": _day(one.held_at) for machine, one in sorted(watch.passed.items())},
        },
        remedies=("seen",),
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
