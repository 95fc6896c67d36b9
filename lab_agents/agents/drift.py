"""Whether control films still say that the laboratory makes and measures what it did, and what no longer counts.

Each property of the control films is a chart. When a measurement of a control film is concluded, the properties that it
gave are judged by the rules of `charts`. Where one is broken, every measurement of candidates that gave this property
since the last good control is retracted: nobody can say where between the two the trouble began.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field

from lab_agents.agents.charts import Verdict, judge_controls
from lab_agents.messages.commands import RetractObservation
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    ControlJudged,
    MeasurementConcluded,
    ObservationMade,
    ObservationRetracted,
    ProposalMade,
    TicketClosed,
    TicketOpened,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import CalibrationMade, MeasurementTaken, SampleMade
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item
from lab_agents.records.control import ControlLimits, Controls, is_control
from lab_agents.records.observation import Observation
from lab_agents.records.ticket import Trouble

CALIBRATED, GO_ON = "calibrated", "go on"
"""Answers to drift. After the first the chart begins anew. The second lets the next control film decide: at the old
level, the one that was out was a stray film; at its level, that is the new reference; else it is out of control again.
"""
DRIFT_KINDS = frozenset(
    {"MeasurementTaken", "SampleMade", "CalibrationMade", "RetractObservation", "ProposalMade", "TicketOpened"}
)


class Seen(Record):
    """An observation of a candidate that counts, and its place in the log."""

    sample: Identifier
    measurement: Identifier
    property: Name
    position: int


class Control(Record):
    """One property of one control film; None where it could not be read."""

    sample: Identifier
    value: float | None
    position: int


class Chart(Record):
    """The controls of one property that were in control since the entry at `since`: the start, or a calibration.

    `broken` is the last one that was not; `is_accepted` says that the campaign goes on with it all the same.
    """

    good: tuple[Control, ...] = ()
    broken: Control | None = None
    is_accepted: bool = False
    instrument: str = ""
    since: int = 0


Said = ControlJudged | ObservationRetracted


class Drift(Record):
    """What is known of an open campaign's controls.

    `seen` are observations of candidates, `values` those of the control film's measurement that is being concluded;
    `asked` are the proposals by number, with the entry up to which the planner knew the log; `lines` say who made a
    control film, `instruments` what took its measurements, `tickets` which property a ticket about drift is about.
    `said` is what the entry at `at` leads to.
    """

    controls: Controls | None = None
    seen: tuple[Seen, ...] = ()
    values: tuple[Observation, ...] = ()
    charts: FrozenMap[Name, Chart] = Field(default_factory=dict)
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
        case CampaignStarted():
            return Drift(controls=body.plan.controls)
        case CampaignFinished():
            return Drift()
        case ProposalMade():
            known = position if logged.entry.cause is None else logged.entry.cause
            return drift.model_copy(update={"asked": with_item(drift.asked, str(body.proposal.number), known)})
        case ObservationMade():
            return _see(drift, body.observation, position)
        case MeasurementConcluded() if is_control(body.sample):
            return _judge(drift, body, position)
        case RetractObservation():
            of_it = (s for s in drift.seen if s.measurement == body.measurement)
            return _say(drift, _retract(drift, of_it, f"{body.person}: {body.reason}"), position)
        case SampleMade() | MeasurementTaken():
            return _note_control(drift, body)
        case _:
            return _follow_calibration(drift, body, position)


def _note_control(drift: Drift, body: SampleMade | MeasurementTaken) -> Drift:
    if isinstance(body, SampleMade):
        made = body.sample
        lines = with_item(drift.lines, made.id, made.made_by) if is_control(made.id) else drift.lines
        return drift.model_copy(update={"lines": lines})
    taken = body.measurement
    if not is_control(taken.sample):
        return drift
    return drift.model_copy(update={"instruments": with_item(drift.instruments, taken.id, taken.instrument)})


def _follow_calibration(drift: Drift, body: Body, position: int) -> Drift:
    """Charts begin anew when a person says that it was calibrated, or the instrument's owner that it did so."""
    match body:
        case TicketOpened() if CALIBRATED in body.ticket.trouble.remedies:
            about = body.ticket.trouble.evidence.get("property", "")
            return drift.model_copy(update={"tickets": with_item(drift.tickets, body.ticket.id, about)})
        case TicketClosed() if body.answer == CALIBRATED:
            about = drift.tickets.get(body.ticket, "")
            return _begin_anew(drift, [name for name in drift.charts if name == about], position)
        case TicketClosed() if body.answer == GO_ON and body.ticket in drift.tickets:
            about = drift.tickets[body.ticket]
            chart = drift.charts.get(about, Chart()).model_copy(update={"is_accepted": True})
            return drift.model_copy(update={"charts": with_item(drift.charts, about, chart)})
        case CalibrationMade():
            of_it = [name for name, chart in drift.charts.items() if chart.instrument == body.instrument]
            return _begin_anew(drift, of_it, position)
        case _:
            return drift


def find_unknown(drift: Drift, body: RetractObservation) -> str | None:
    """Why nothing is retracted, or None."""
    if any(s.measurement == body.measurement for s in drift.seen):
        return None
    return (
        f"Nothing is retracted: no observation of the open campaign that counts comes from measurement "
        f"{body.measurement}. The report's samples.csv lists those of each sample"
    )


def drift_trouble(body: ControlJudged) -> Trouble | None:
    """What a person is asked because of a control that is out of control."""
    if not body.rule:
        return None
    line, name, instrument = body.line or "the line", body.property, body.instrument
    since = f"since the last good control, {body.last_good}," if body.last_good else "since the start or calibration"
    what = (
        f"Control film {body.sample} of {line}: {_found(body)}. Either {instrument} no longer measures what it did, or "
        f"{line} no longer makes what it did. {body.n_retracted} measurements of {name} {since} no longer count, and "
        f"no model uses them. Measure a standard on {instrument} and calibrate it, check {line}'s hotplates and "
        f"pipettes, then answer {CALIBRATED!r}: the chart begins anew with the next control film. With {GO_ON!r} "
        "that film decides whether this was a stray film, a new level, or goes on drifting."
    )
    evidence = {"property": body.property, "instrument": body.instrument, "line": body.line, "rule": body.rule}
    evidence |= {"control": body.sample, "measurement": body.measurement, "last_good": body.last_good}
    return Trouble(what=what[:2000], evidence=evidence, remedies=(CALIBRATED, GO_ON), default=GO_ON)


def _found(body: ControlJudged) -> str:
    unit = "" if body.unit == "1" else f" {body.unit}"
    if body.value is None:
        return f"its {body.property} could not be read"
    apart = ", ".join(f"{z:+.1f}" for z in body.z)
    return (
        f"its {body.property} is {body.value:.4g}{unit}, expected {body.mean:.4g} ± {body.deviation:.2g}{unit} "
        f"(Westgard's rule {body.rule}: {apart} standard deviations)"
    )


def _see(drift: Drift, seen: Observation, position: int) -> Drift:
    if is_control(seen.sample):
        return drift.model_copy(update={"values": (*drift.values, seen)})
    one = Seen(sample=seen.sample, measurement=seen.measurement, property=seen.property, position=position)
    return drift.model_copy(update={"seen": (*drift.seen, one)})


def _judge(drift: Drift, body: MeasurementConcluded, position: int) -> Drift:
    """Every watched property of this measurement, in the order of their names."""
    watched = drift.controls.properties if drift.controls is not None else {}
    found: dict[str, float | None] = {u.property: None for u in body.unread}
    found |= {o.property: o.value for o in drift.values if o.measurement == body.measurement}
    drift = drift.model_copy(update={"values": ()})
    for name in sorted(found.keys() & watched.keys()):
        control = Control(sample=body.sample, value=found[name], position=position)
        drift = _judge_one(drift, body, control, name, watched[name])
    return drift


def _judge_one(drift: Drift, body: MeasurementConcluded, control: Control, name: str, limits: ControlLimits) -> Drift:
    instrument = drift.instruments.get(body.measurement, "unknown")
    chart = drift.charts.get(name, Chart()).model_copy(update={"instrument": instrument})
    judged = _judge_series(limits, (*chart.good, control))
    if not judged.verdict.is_in_control and chart.is_accepted and chart.broken is not None:
        renewed = _judge_series(limits, (chart.broken, control))
        judged = renewed if renewed.verdict.is_in_control else judged
    verdict, last_good = judged.verdict, judged.last_good
    gone: tuple[ObservationRetracted, ...] = ()
    if verdict.is_in_control:
        chart = chart.model_copy(update={"good": judged.series, "broken": None, "is_accepted": False})
    else:
        begins = chart.since if last_good is None else last_good.position
        doubtful = (s for s in drift.seen if s.property == name and s.position > begins)
        gone = _retract(drift, doubtful, f"{control.sample} is out of control: {name}, {verdict.reason}")
        chart = chart.model_copy(update={"broken": control, "is_accepted": False})
    said = ControlJudged(
        sample=control.sample, measurement=body.measurement, property=name, instrument=instrument,
        line=drift.lines.get(control.sample, ""), value=control.value, mean=judged.mean, deviation=judged.deviation,
        unit=limits.unit, rule=verdict.rule or "", z=tuple(z for z in verdict.z if math.isfinite(z)),
        last_good="" if last_good is None else last_good.sample, n_retracted=len(gone),
    )  # fmt: skip
    drift = drift.model_copy(update={"charts": with_item(drift.charts, name, chart)})
    return _say(drift, (said, *gone), control.position)


@dataclass(frozen=True)
class _Judged:
    """A series of controls with the mean and deviation that it was judged by; the last good one before trouble."""

    series: tuple[Control, ...]
    mean: float
    deviation: float
    verdict: Verdict
    last_good: Control | None


def _judge_series(limits: ControlLimits, series: tuple[Control, ...]) -> _Judged:
    """The verdict. Where the first control film is the reference, its own scatter adds to that of each later one."""
    first, mean, deviation = 0, limits.value, limits.deviation
    if mean is None and series[0].value is not None:
        first, mean, deviation = 1, series[0].value, math.sqrt(2.0) * limits.deviation
    mean = 0.0 if mean is None else mean
    verdict = judge_controls([_number(c) for c in series[first:]], mean, deviation)
    good = first - 1 if verdict.last_good is None else first + verdict.last_good
    return _Judged(series, mean, deviation, verdict, series[good] if good >= 0 else None)


def _number(control: Control) -> float:
    return math.nan if control.value is None else control.value


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
