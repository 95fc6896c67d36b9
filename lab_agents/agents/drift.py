"""Whether controls still say that the laboratory makes and measures what it did, and what no longer counts.

Each property of the control films is a chart, and so is each number that is read of a standard on one instrument. When
a control film's measurement is concluded, or a standard is read, what it gave is judged by the rules of `charts`. Where
one is broken, every measurement of candidates since the last good control is retracted that gave this property, or that
the standard's instrument took: nobody can say where between the two the trouble began.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field

from lab_agents.agents.control_series import Chart, Control, judge_series, shortened
from lab_agents.agents.drift_troubles import CALIBRATED, GO_ON
from lab_agents.messages.commands import RetractObservation
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    ControlJudged,
    MeasurementConcluded,
    ObservationMade,
    ObservationRetracted,
    ProposalMade,
    StandardRead,
    TicketClosed,
    TicketOpened,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import LabChanged, LabOpened
from lab_agents.messages.work import CalibrationMade, MeasurementTaken, SampleMade
from lab_agents.records.base import FrozenMap, Name, Record, with_item, without_item
from lab_agents.records.control import ControlLimits, Controls, is_control
from lab_agents.records.observation import Observation
from lab_agents.records.stock import Standard

DRIFT_KINDS = frozenset(
    {"MeasurementTaken", "SampleMade", "CalibrationMade", "RetractObservation", "ProposalMade", "TicketOpened"}
    | {"LabOpened", "LabChanged", "StandardRead"}
)


class Seen(NamedTuple):
    """An observation of a candidate that counts, its place in the log, and what measured it.

    A tuple, because there is one for each observation of a campaign: a record takes four times the memory.
    """

    sample: str
    measurement: str
    property: str
    position: int
    instrument: str = ""


Said = ControlJudged | ObservationRetracted


class Drift(Record):
    """What is known of an open campaign's controls, and of the laboratory's standards.

    `charts` are those of control films by their property, and those of standards by `chart_name`; the latter outlast
    campaigns. `seen` are observations of candidates, `values` those of the control film's measurement that is being
    concluded; `asked` are the proposals by number, with the entry up to which the planner knew the log; `lines` say who
    made a control film, `instruments` what took a measurement until it is concluded, `tickets` which chart an open
    ticket is about. `said` is what the entry at `at` leads to.
    """

    controls: Controls | None = None
    standards: FrozenMap[Name, Standard] = Field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    values: tuple[Observation, ...] = ()
    charts: FrozenMap[str, Chart] = Field(default_factory=dict)
    asked: FrozenMap[str, int] = Field(default_factory=dict)
    lines: FrozenMap[str, str] = Field(default_factory=dict)
    instruments: FrozenMap[str, str] = Field(default_factory=dict)
    tickets: FrozenMap[str, str] = Field(default_factory=dict)
    said: tuple[Said, ...] = ()
    at: int = 0


def follow_drift(drift: Drift, logged: Logged) -> Drift:
    """The drift after an entry; what it leads to is booked in `said`."""
    body, position = logged.entry.record, logged.position
    match body:
        case LabOpened() | LabChanged():
            return drift.model_copy(update={"standards": {s.name: s for s in body.laboratory.standards}})
        case CampaignStarted():
            return _without_campaign(drift).model_copy(update={"controls": body.plan.controls})
        case CampaignFinished():
            return _without_campaign(drift)
        case ProposalMade():
            known = position if logged.entry.cause is None else logged.entry.cause
            return drift.model_copy(update={"asked": with_item(drift.asked, str(body.proposal.number), known)})
        case ObservationMade():
            return _see(drift, body.observation, position)
        case MeasurementConcluded():
            judged = _judge(drift, body, position) if is_control(body.sample) else drift
            return _without_instrument(judged, body.measurement)
        case StandardRead():
            return _without_instrument(_judge_standard(drift, body, position), body.measurement)
        case RetractObservation():
            of_it = (s for s in drift.seen if s.measurement == body.measurement)
            return _say(drift, _retract(drift, of_it, f"{body.person}: {body.reason}"), position)
        case SampleMade() | MeasurementTaken():
            return _note_control(drift, body)
        case _:
            return _follow_calibration(drift, body, position)


def chart_name(control: str, instrument: str, name: str) -> str:
    """What the chart is called that a control film, or a standard on one instrument, belongs to."""
    return name if is_control(control) else f"{control}/{instrument}/{name}"


def is_asked(drift: Drift, body: ControlJudged) -> bool:
    """Whether a person is being asked about this chart already."""
    return chart_name(body.sample, body.instrument, body.property) in drift.tickets.values()


def _without_campaign(drift: Drift) -> Drift:
    """What outlasts a campaign: standards, their charts, and what a person is asked about them."""
    charts = {name: chart for name, chart in drift.charts.items() if "/" in name}
    tickets = {ticket: about for ticket, about in drift.tickets.items() if "/" in about}
    return Drift(standards=drift.standards, charts=charts, tickets=tickets)


def _without_instrument(drift: Drift, measurement: str) -> Drift:
    """What took a measurement is of no concern once it is concluded."""
    return drift.model_copy(update={"instruments": without_item(drift.instruments, measurement)})


def _note_control(drift: Drift, body: SampleMade | MeasurementTaken) -> Drift:
    if isinstance(body, SampleMade):
        made = body.sample
        lines = with_item(drift.lines, made.id, made.made_by) if is_control(made.id) else drift.lines
        return drift.model_copy(update={"lines": lines})
    taken = body.measurement
    return drift.model_copy(update={"instruments": with_item(drift.instruments, taken.id, taken.instrument)})


def _follow_calibration(drift: Drift, body: Body, position: int) -> Drift:
    """Charts begin anew when a person says that a control film's line is right, or an instrument was calibrated."""
    match body:
        case TicketOpened() if CALIBRATED in body.ticket.trouble.remedies:
            found = body.ticket.trouble.evidence
            about = chart_name(found.get("control", ""), found.get("instrument", ""), found.get("property", ""))
            return drift.model_copy(update={"tickets": with_item(drift.tickets, body.ticket.id, about)})
        case TicketClosed() if body.ticket in drift.tickets:
            return _follow_answer(drift, body, position)
        case CalibrationMade():
            of_it = [name for name, chart in drift.charts.items() if chart.instrument == body.instrument]
            return _begin_anew(drift, of_it, position)
        case _:
            return drift


def _follow_answer(drift: Drift, body: TicketClosed, position: int) -> Drift:
    """Of a standard the first answer says nothing yet: its instrument's station makes a `CalibrationMade` of it."""
    about = drift.tickets[body.ticket]
    drift = drift.model_copy(update={"tickets": without_item(drift.tickets, body.ticket)})
    if body.answer == CALIBRATED and "/" not in about:
        return _begin_anew(drift, [name for name in drift.charts if name == about], position)
    if body.answer == GO_ON:
        chart = drift.charts.get(about, Chart()).model_copy(update={"is_accepted": True})
        return drift.model_copy(update={"charts": with_item(drift.charts, about, chart)})
    return drift


def find_unknown(drift: Drift, body: RetractObservation) -> str | None:
    """Why nothing is retracted, or None."""
    if any(s.measurement == body.measurement for s in drift.seen):
        return None
    return (
        f"Nothing is retracted: no observation of the open campaign that counts comes from measurement "
        f"{body.measurement}. The report's samples.csv lists those of each sample"
    )


def _see(drift: Drift, seen: Observation, position: int) -> Drift:
    if is_control(seen.sample):
        return drift.model_copy(update={"values": (*drift.values, seen)})
    one = Seen(
        sample=seen.sample,
        measurement=seen.measurement,
        property=seen.property,
        instrument=drift.instruments.get(seen.measurement, ""),
        position=position,
    )
    return drift.model_copy(update={"seen": (*drift.seen, one)})


def _judge(drift: Drift, body: MeasurementConcluded, position: int) -> Drift:
    """Every watched property of this measurement, in the order of their names."""
    watched = drift.controls.properties if drift.controls is not None else {}
    found: dict[str, float | None] = {u.property: None for u in body.unread}
    found |= {o.property: o.value for o in drift.values if o.measurement == body.measurement}
    drift = drift.model_copy(update={"values": ()})
    instrument = drift.instruments.get(body.measurement, "unknown")
    for name in sorted(found.keys() & watched.keys()):
        about = _About(body.sample, body.measurement, instrument, name, watched[name])
        drift = _judge_one(drift, about, Control(id=body.sample, value=found[name], position=position))
    return drift


def _judge_standard(drift: Drift, body: StandardRead, position: int) -> Drift:
    """Every number of it that the lab file gives limits for, in the order of their names."""
    standard = drift.standards.get(body.standard)
    limits = standard.limits if standard is not None else {}
    for name in sorted(body.values.keys() & limits.keys()):
        about = _About(body.standard, body.measurement, body.instrument, name, limits[name])
        drift = _judge_one(drift, about, Control(id=body.measurement, value=body.values[name], position=position))
    return drift


@dataclass(frozen=True)
class _About:
    """What is judged: of which control film or standard, by what measured, against what."""

    sample: str
    measurement: str
    instrument: str
    name: str
    limits: ControlLimits

    @property
    def chart(self) -> str:
        return chart_name(self.sample, self.instrument, self.name)

    def concerns(self, seen: Seen) -> bool:
        """Whether an observation is in doubt with this control."""
        return seen.property == self.name if is_control(self.sample) else seen.instrument == self.instrument


def _judge_one(drift: Drift, about: _About, control: Control) -> Drift:
    chart = drift.charts.get(about.chart, Chart()).model_copy(update={"instrument": about.instrument})
    judged = judge_series(about.limits, (*chart.good, control))
    if not judged.verdict.is_in_control and chart.is_accepted and chart.broken is not None:
        renewed = judge_series(about.limits, (chart.broken, control))
        judged = renewed if renewed.verdict.is_in_control else judged
    verdict, last_good = judged.verdict, judged.last_good
    gone: tuple[ObservationRetracted, ...] = ()
    if verdict.is_in_control:
        chart = chart.model_copy(update={"good": shortened(judged.series), "broken": None, "is_accepted": False})
    else:
        begins = chart.since if last_good is None else last_good.position
        doubtful = (s for s in drift.seen if about.concerns(s) and s.position > begins)
        gone = _retract(drift, doubtful, f"{control.id} is out of control: {about.name}, {verdict.reason}")
        chart = chart.model_copy(update={"broken": control, "is_accepted": False})
    said = ControlJudged(
        sample=about.sample, measurement=about.measurement, property=about.name, instrument=about.instrument,
        line=drift.lines.get(about.sample, ""), value=control.value, mean=judged.mean, deviation=judged.deviation,
        unit=about.limits.unit, rule=verdict.rule or "", z=tuple(z for z in verdict.z if math.isfinite(z)),
        last_good="" if last_good is None else last_good.id, n_retracted=len(gone),
    )  # fmt: skip
    drift = drift.model_copy(update={"charts": with_item(drift.charts, about.chart, chart)})
    return _say(drift, (said, *gone), control.position)


def _retract(drift: Drift, doubtful: Iterable[Seen], reason: str) -> tuple[ObservationRetracted, ...]:
    """One retraction for each measurement, with the proposals for which the planner knew any of it."""
    by_measurement: dict[str, Seen] = {}
    for seen in doubtful:
        by_measurement.setdefault(seen.measurement, seen)
    return tuple(
        ObservationRetracted(
            sample=seen.sample,
            measurement=seen.measurement,
            reason=reason[:2000],
            proposals=tuple(sorted(int(n) for n, known in drift.asked.items() if known >= seen.position)),
        )
        for seen in by_measurement.values()
    )


def _say(drift: Drift, said: tuple[Said, ...], position: int) -> Drift:
    """Book what this entry leads to; what is retracted counts no longer at once."""
    gone = {s.measurement for s in said if isinstance(s, ObservationRetracted)}
    before = drift.said if drift.at == position else ()
    seen = tuple(s for s in drift.seen if s.measurement not in gone)
    return drift.model_copy(update={"said": (*before, *said), "at": position, "seen": seen})


def _begin_anew(drift: Drift, names: Iterable[str], position: int) -> Drift:
    charts = {**drift.charts, **{name: Chart(since=position) for name in names}}
    return drift.model_copy(update={"charts": charts})
