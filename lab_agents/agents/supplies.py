"""Trays and bottles that a person fills: who asks for more, and what is believed of it.

The agent whose instrument holds a consumable or stock with a `low` mark follows how much is left. At the mark it asks,
by a ticket, for a person to load it and to say how many are then in it. From that answer on the instrument begins
nothing until it has been read itself: only where its own count is the confirmed one (less what acts under way may have
drawn meanwhile) does `ConsumableLoaded` stand in the log; else the ticket comes again, and the instrument stays held.
"""

from collections.abc import Mapping
from typing import Literal

from lab_agents.agents.behaviour import Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of
from lab_agents.agents.courses import Course, Courses, filled_acts, find_lane
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, LabChanged, LabOpened, TroubleMet
from lab_agents.messages.work import ConsumableLoaded, ConsumableUsed
from lab_agents.records.base import FrozenMap, Identifier, Name, Record
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from lab_agents.records.stock import read_volumes
from lab_agents.records.ticket import Trouble

LOADED, NOT_LOADED = "loaded", "not loaded"
"""What a person may say; the second is the default, because it lets the work go on with what is left."""
CLOSE_ENOUGH = 0.02
"""A volume is confirmed to this share: what a bottle's graduation can be read to (assumption). Pieces are counted."""
SUPPLY_KINDS = frozenset(
    {"LabOpened", "LabChanged", "ConsumableUsed", "ConsumableLoaded", "TicketClosed", "TroubleMet"}
)

Phase = Literal["enough", "asked", "confirmed", "counting", "doubtful", "declined"]


class Supply(Record):
    """One tray or bottle.

    `left` is what the log says, in the unit; `counted_at` the entry up to which every act is in it. In the phases from
    `confirmed` to `doubtful` the instrument begins nothing. `slack` is what acts under way may have drawn since the
    person counted.
    """

    name: Name
    unit: str
    instrument: Name
    signal: str
    full: float
    low: float
    left: float
    phase: Phase = "enough"
    since: int = 0
    counted_at: int = 0
    ticket: str = ""
    confirmed: float = 0.0
    slack: float = 0.0
    job: Job | None = None

    @property
    def is_held(self) -> bool:
        """Whether its instrument begins nothing until it is known what is in it."""
        return self.phase in ("confirmed", "counting", "doubtful")


class CountArguments(Record):
    """What a count is compared with: the answer of `ticket`, in the supply's unit."""

    consumable: Name
    instrument: Name
    signal: str
    unit: str
    ticket: Identifier
    confirmed: float
    slack: float

    def agrees(self, seen: float) -> bool:
        """Whether the instrument counts what the person confirmed."""
        margin = 0.5 if self.unit == "piece" else CLOSE_ENOUGH * max(self.confirmed, 1.0)
        return self.confirmed - self.slack - margin < seen < self.confirmed + margin


Supplies = FrozenMap[Name, Supply]


def declare_supplies(supplies: Supplies, lab: Laboratory, me: str) -> Supplies:
    """The supplies that `me` looks after; one whose declaration did not change is believed as before."""
    declared = [*_trays(lab, me), *_bottles(lab, me)]
    return {s.name: supplies[s.name] if _is_same(supplies.get(s.name), s) else s for s in declared}


def _trays(lab: Laboratory, me: str) -> list[Supply]:
    """Consumables that a setting of an own instrument names; the setting is what the instrument counts them by."""
    holders = {
        str(value): (instrument, setting)
        for instrument in (lab.agents[me].instruments if me in lab.agents else ())
        for setting, value in lab.instruments[instrument].settings.items()
    }
    return [
        _supply(c.name, c.unit, *holders[c.name], full=c.amount, low=c.low)
        for c in lab.consumables
        if c.low is not None and c.name in holders
    ]


def _bottles(lab: Laboratory, me: str) -> list[Supply]:
    """Stock solutions, of the service that lines name as their handler."""
    if me not in {agent.settings.get("handler") for agent in lab.agents.values()}:
        return []
    holder = lab.agents[me].instruments[0]
    return [
        _supply(s.name, "µL", holder, f"stock {s.name}", full=s.amount, low=s.low)
        for s in lab.stocks
        if s.low is not None
    ]


def _supply(name: str, unit: str, instrument: str, signal: str, *, full: float, low: float) -> Supply:
    return Supply(name=name, unit=unit, instrument=instrument, signal=signal, full=full, low=low, left=full)


def _is_same(before: Supply | None, after: Supply) -> bool:
    fields = ("unit", "instrument", "signal", "full", "low")
    return before is not None and all(getattr(before, f) == getattr(after, f) for f in fields)


def follow_supplies(supplies: Supplies, logged: Logged, me: str, courses: Courses, lab: Laboratory | None) -> Supplies:
    """The supplies after an entry; `courses` are those after it, before own steps begin."""
    body, subject = logged.entry.record, logged.entry.subject
    match body:
        case LabOpened(laboratory=declared) | LabChanged(laboratory=declared):
            supplies = declare_supplies(supplies, declared, me)
        case ConsumableUsed(consumable=name) if name in supplies:
            supplies = {**supplies, name: _draw(supplies[name], body.amount, logged)}
        case ConsumableLoaded(consumable=name) if name in supplies:
            update = {"left": body.amount, "counted_at": logged.entry.cause or 0, "phase": "enough", "job": None}
            supplies = {**supplies, name: _ask_if_low(supplies[name].model_copy(update=update), logged.position)}
        case TicketClosed() if subject in supplies and supplies[subject].phase in ("asked", "doubtful"):
            supplies = {**supplies, subject: _answered(supplies[subject], body, courses, lab, logged.position)}
        case TroubleMet() if logged.seal.source == me and subject in supplies:
            if supplies[subject].phase == "counting":
                update = {"phase": "doubtful", "since": logged.position, "job": None}
                supplies = {**supplies, subject: supplies[subject].model_copy(update=update)}
        case EntryRefused() if body.source == me:
            cause = cause_of(body.refused_id)
            lost = [s for s in supplies.values() if s.job is not None and s.job.cause == cause]
            update = {"phase": "declined", "since": logged.position, "job": None}
            supplies = {**supplies, **{s.name: s.model_copy(update=update) for s in lost}}
    waiting = [s for s in supplies.values() if s.phase == "confirmed" and not _under_way(s, courses, lab)]
    return {**supplies, **{s.name: _count(s, logged.position) for s in waiting}} if waiting else supplies


def _draw(supply: Supply, amount: float, logged: Logged) -> Supply:
    # What was drawn by an act before the count is no longer in what was counted.
    if (logged.entry.cause or 0) <= supply.counted_at:
        return supply
    left = max(0.0, supply.left - amount)
    return _ask_if_low(supply.model_copy(update={"left": left}), logged.position)


def _ask_if_low(supply: Supply, position: int) -> Supply:
    if supply.phase != "enough" or supply.left > supply.low:
        return supply
    return supply.model_copy(update={"phase": "asked", "since": position})


def _answered(supply: Supply, body: TicketClosed, courses: Courses, lab: Laboratory | None, position: int) -> Supply:
    if body.answer != LOADED or body.count is None:
        return supply.model_copy(update={"phase": "declined", "since": position})
    acts = [act for c in _under_way(supply, courses, lab) for act in filled_acts(c, lab)]
    update = {
        "phase": "confirmed",
        "since": position,
        "ticket": body.ticket,
        "confirmed": body.count,
        "slack": sum(most_drawn(act, supply) for act in acts),
    }
    return supply.model_copy(update=update)


def _under_way(supply: Supply, courses: Courses, lab: Laboratory | None) -> list[Course]:
    """Own steps under way that keep the supply's instrument busy."""
    own = (c for c in courses.values() if c.is_mine and c.phase in ("started", "moving"))
    return [c for c in own if supply.instrument in find_lane(c, lab)]


def most_drawn(act: Act, supply: Supply) -> float:
    """The most that an act draws from a supply, by what it was asked for."""
    volumes = act.arguments.get("volumes")
    if not isinstance(volumes, str):
        return 1.0 if supply.unit == "piece" else 0.0
    asked = read_volumes(volumes)
    if supply.unit == "piece":
        return float(sum(volume > 0 for volume in asked.values()))
    return asked.get(supply.name, 0.0)


def _count(supply: Supply, position: int) -> Supply:
    arguments = CountArguments(
        consumable=supply.name,
        instrument=supply.instrument,
        signal=supply.signal,
        unit=supply.unit,
        ticket=supply.ticket,
        confirmed=supply.confirmed,
        slack=supply.slack,
    )
    job = Job(
        id=f"{position}/count-{supply.name}",
        cause=position,
        kind="count",
        name="count",
        subject=supply.name,
        arguments=arguments.model_dump_json(),
    )
    return supply.model_copy(update={"phase": "counting", "since": position, "job": job})


def held_instruments(supplies: Supplies) -> frozenset[str]:
    """Instruments that begin nothing until it is known what they hold."""
    return frozenset(s.instrument for s in supplies.values() if s.is_held)


def counting_jobs(supplies: Supplies) -> tuple[Job, ...]:
    """The counts that are wanted."""
    return tuple(s.job for s in supplies.values() if s.job is not None)


def say_low(supplies: Supplies, position: int) -> tuple[Draft, ...]:
    """The request to a person, for each supply that this entry brought to its mark."""
    return tuple(
        Draft(
            body=_trouble(
                f"{s.instrument} has {amount_text(s.left, s.unit)} of {s.name} left, of {s.full:g} when full, and asks "
                f"for more at {s.low:g}",
                {"consumable": s.name, "instrument": s.instrument, "left": f"{s.left:g}", "unit": s.unit},
            ),
            subject=s.name,
        )
        for s in supplies.values()
        if s.phase == "asked" and s.since == position
    )


def conclude_count(job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
    """What the instrument's own count means: the load stands in the log, or the person is asked again."""
    asked = CountArguments.model_validate_json(job.arguments)
    seen = float(outcome.answer) if outcome.ok else None
    body: Body
    if seen is not None and asked.agrees(seen):
        body = ConsumableLoaded(
            consumable=asked.consumable, amount=seen, confirmed=asked.confirmed, ticket=asked.ticket
        )
    else:
        told = outcome.error if seen is None else f"{asked.instrument} counts {seen:g} itself"
        what = (
            f"{amount_text(asked.confirmed, asked.unit)} of {asked.consumable} were confirmed ({asked.ticket}), but "
            f"{told}; nothing begins there until both agree"
        )
        evidence = {"consumable": asked.consumable, "confirmed": f"{asked.confirmed:g}", "seen": str(seen)}
        body = _trouble(what[:1800], evidence | {"instrument": asked.instrument, "unit": asked.unit})
    return (Draft(body=body, subject=asked.consumable),)


def amount_text(amount: float, unit: str) -> str:
    """An amount as people say it."""
    return f"{amount:g} {unit}" if unit != "piece" or amount == 1 else f"{amount:g} pieces"


def _trouble(what: str, evidence: Mapping[str, str]) -> TroubleMet:
    how = f"{what}. Load it, count what is then in it, and answer `{LOADED}` with --count."
    return TroubleMet(trouble=Trouble(what=how, evidence=evidence, remedies=(LOADED, NOT_LOADED), default=NOT_LOADED))


def waits_for_loads(supplies: Supplies) -> dict[str, str]:
    """For people: what each supply waits for."""
    reasons = {
        "asked": "waiting for a person to load it",
        "confirmed": "waiting until {0} does nothing, to be counted",
        "counting": "being counted by {0}",
        "doubtful": "waiting for a person to count it again; {0} begins nothing before",
    }
    return {s.name: reasons[s.phase].format(s.instrument) for s in supplies.values() if s.phase in reasons}
