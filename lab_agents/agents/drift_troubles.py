"""What a person is asked when a control film or a standard is out of control, and what the answers mean."""

from lab_agents.messages.course import ControlJudged
from lab_agents.records.control import is_control
from lab_agents.records.ticket import Trouble

CALIBRATED, GO_ON = "calibrated", "go on"
"""Answers to drift. After the first the chart begins anew. The second lets the next control decide: at the old level,
the one that was out was a stray; at its level, that is the new reference; else it is out of control again.
"""


def drift_trouble(body: ControlJudged) -> Trouble | None:
    """What a person is asked because of a control that is out of control."""
    if not body.rule:
        return None
    what = _film(body) if is_control(body.sample) else _standard(body)
    evidence = {"property": body.property, "instrument": body.instrument, "line": body.line, "rule": body.rule}
    evidence |= {"control": body.sample, "measurement": body.measurement, "last_good": body.last_good}
    return Trouble(what=what[:2000], evidence=evidence, remedies=(CALIBRATED, GO_ON), default=GO_ON)


def _film(body: ControlJudged) -> str:
    line, name, instrument = body.line or "the line", body.property, body.instrument
    since = f"since the last good control, {body.last_good}," if body.last_good else "since the start or calibration"
    return (
        f"Control film {body.sample} of {line}: {_found(body)}. Either {instrument} no longer measures what it did, or "
        f"{line} no longer makes what it did. {body.n_retracted} measurements of {name} {since} no longer count, and "
        f"no model uses them. Measure a standard on {instrument} and calibrate it, check {line}'s hotplates and "
        f"pipettes, then answer {CALIBRATED!r}: the chart begins anew with the next control film. With {GO_ON!r} "
        "that film decides whether this was a stray film, a new level, or goes on drifting."
    )


def _standard(body: ControlJudged) -> str:
    instrument = body.instrument
    since = f"since the last good look, {body.last_good}," if body.last_good else "since the start or calibration"
    return (
        f"Standard {body.sample} on {instrument}: {_found(body)}. The standard is what it was, so {instrument} no "
        f"longer measures what it did. {body.n_retracted} measurements by {instrument} {since} no longer count, and "
        f"no model uses them. Look at its lamp or tube, its detector and its alignment, calibrate it, then answer "
        f"{CALIBRATED!r}: the next look at the standard is the new reference. With {GO_ON!r} that look decides "
        "whether this was a stray one, a new level, or goes on drifting."
    )


def _found(body: ControlJudged) -> str:
    unit = "" if body.unit == "1" else f" {body.unit}"
    if body.value is None:
        return f"its {body.property} could not be read"
    apart = ", ".join(f"{z:+.1f}" for z in body.z)
    return (
        f"its {body.property} is {body.value:.5g}{unit}, expected {body.mean:.5g} ± {body.deviation:.2g}{unit} "
        f"(Westgard's rule {body.rule}: {apart} standard deviations)"
    )
