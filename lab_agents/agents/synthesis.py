"""A synthesis line: from a candidate to a film in the rack, and what was really made.

Each parameter becomes a volume by its channel (`offset + scale * value`); zeros are skipped. The composition as made
comes from the volumes that the dispenser reports, with their deviations.
"""

import math
from collections.abc import Mapping, Sequence

from lab_agents.agents.bidder import Bidder
from lab_agents.agents.bidder_state import BidderState, Prepared, Refusal
from lab_agents.agents.bookings import Booking
from lab_agents.agents.courses import Course
from lab_agents.agents.limits import find_breach
from lab_agents.agents.offers import Offer
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import SampleMade, TaskDone, TaskFailed
from lab_agents.records.laboratory import Channel
from lab_agents.records.recipe import Act, ActResult, Argument, Need, Recipe, Step, Transfer
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate

NEGLIGIBLE = 1e-9
"""Volumes below this (µL) are none: a femtolitre is no dose, and rounding leaves such remainders."""
DIGITS = 6
"""Volumes are asked for to a picolitre, so that equal candidates ask for equal volumes."""


class SynthesisState(BidderState):
    """Everything a synthesis line knows."""


class Synthesis(Bidder):
    """One synthesis line."""

    def start(self) -> SynthesisState:
        """A line that knows nothing."""
        return SynthesisState()

    def is_able(self, state: BidderState, offer: Offer) -> bool:
        """Making is offered to every line, or to those that the campaign names."""
        plan = state.offers.plans.get(offer.campaign)
        return offer.kind == "make" and plan is not None and (not plan.lines or self.name in plan.lines)

    def prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        """Doses, coating and shelving, if every set-point is within this line's limits."""
        lab = state.lab
        if lab is None:
            return Refusal(code="not_mine", reason="no laboratory is open")
        doses = find_doses(lab.channels, offer.asked)
        if isinstance(doses, Refusal):
            return doses
        recipe = making_recipe(self.name, state.settings(self.name), doses)
        breach = find_breach(lab, (act for step in recipe.steps for act in step.acts))
        if breach:
            return Refusal(code="infeasible", reason=breach)
        units = {c.name: c.unit for c in lab.consumables if c.used_by == self.name}
        volume = sum(doses.values())
        return Prepared(recipe=recipe, stock={name: volume if u == "µL" else 1.0 for name, u in units.items()})

    def drawn(self, state: BidderState, course: Course, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """Reported volumes after dispensing (as asked where nothing was reported), one substrate after coating."""
        step = course.recipe.steps[body.step]
        unit = {"dispense": "µL", "coat": "piece"}.get(step.name)
        if unit is None or state.lab is None:
            return {}
        amount = 1.0 if unit == "piece" else _drawn_volume(step.acts, body)
        return {c.name: amount for c in state.lab.consumables if c.used_by == self.name and c.unit == unit}

    def report_end(self, state: BidderState, course: Course, booking: Booking, logged: Logged) -> tuple[Body, ...]:
        """The finished sample, as made, in its place in the rack."""
        if state.lab is None:
            return ()
        offer = booking.offer
        plan = state.offers.plans.get(offer.campaign)
        made = as_made(
            state.lab.channels,
            booking.recipe.steps[0].acts,
            booking.results.get("dispense", ()),
            is_simplex=plan is not None and plan.space.is_mixture,
        )
        sample = Sample(
            id=offer.sample,
            campaign=offer.campaign,
            work=offer.work,
            asked=offer.asked,
            made=made,
            made_by=self.name,
            made_at=logged.entry.at,
            place=course.places["rack"],
        )
        return (SampleMade(sample=sample),)

    def doubtful(self, course: Course) -> tuple[str, ...]:
        """Before coating there is no film; from coating on it may stand on the stage, from shelving on in the rack."""
        stage, rack = course.places.get("stage"), course.places.get("rack")
        places = {"coat": (stage,), "shelve": (stage, rack)}.get(course.present.name, ())
        return tuple(p for p in places if p is not None)


def find_doses(channels: Sequence[Channel], candidate: Candidate) -> dict[int, float] | Refusal:
    """Volume by channel number (from 1), in µL; a refusal where a parameter has no channel or all volumes are zero."""
    numbers = {channel.parameter: number for number, channel in enumerate(channels, start=1)}
    missing = sorted(set(candidate.values) - set(numbers))
    if missing:
        return Refusal(code="infeasible", reason=f"no channel for {', '.join(missing)}")
    doses = {}
    for parameter, value in candidate.values.items():
        channel = channels[numbers[parameter] - 1]
        volume = round(channel.offset + channel.scale * value, DIGITS)
        if abs(volume) > NEGLIGIBLE:
            doses[numbers[parameter]] = volume
    if not doses:
        return Refusal(code="infeasible", reason="every volume is zero; there is nothing to coat")
    return dict(sorted(doses.items()))


def making_recipe(line: str, settings: Mapping[str, Argument], doses: Mapping[int, float]) -> Recipe:
    """Dispense into a new vial, coat, carry the film from the line's stage to the rack."""
    dispenser, coater = str(settings["dispenser"]), str(settings["coater"])
    dispense = (
        Act(instrument=dispenser, plan="new_vial"),
        *(Act(instrument=dispenser, plan="dose", arguments={"channel": c, "volume": v}) for c, v in doses.items()),
    )
    spin = {"speed": float(settings["speed"]), "duration": float(settings["spin"])}
    return Recipe(
        steps=(
            Step(name="dispense", owner=line, acts=dispense),
            Step(name="coat", owner=line, acts=(Act(instrument=coater, plan="coat", arguments=spin),)),
            Step(name="shelve", owner=str(settings["robot"]), transfer=Transfer(source="stage", target="rack")),
        ),
        needs=(
            Need(role="stage", place=str(settings["stage"])),
            Need(role="rack", kind=str(settings.get("rack", "rack"))),
        ),
    )


def _drawn_volume(acts: Sequence[Act], body: TaskDone | TaskFailed) -> float:
    reported = {r.act: float(r.readings["delivered"]) for r in body.results if "delivered" in r.readings}
    begun = max((r.act for r in body.results), default=-1) + (1 if isinstance(body, TaskFailed) and body.unknown else 0)
    asked = {i: float(a.arguments["volume"]) for i, a in enumerate(acts) if a.plan == "dose" and i <= begun}
    return sum(max(0.0, reported.get(i, volume)) for i, volume in asked.items())


def as_made(
    channels: Sequence[Channel], acts: Sequence[Act], results: Sequence[ActResult], *, is_simplex: bool
) -> AsMade:
    """The composition that the reported volumes make, with its propagated deviations.

    On a simplex the value is each volume's share of the whole, `f = v / V` with
    `s_f² = ((1 - f)² s² + f² Σ_other s²) / V²` for independent deviations s of the volumes; else the inverse of the
    channel's map.
    """
    volumes, deviations = _delivered(channels, acts, results)
    if not is_simplex:
        inverse = {c.parameter: (volumes[i] - c.offset) / c.scale for i, c in enumerate(channels, start=1)}
        spread = {c.parameter: deviations[i] / abs(c.scale) for i, c in enumerate(channels, start=1)}
        return AsMade(values=inverse, deviations=spread)
    whole = sum(volumes.values())
    total_variance = sum(s * s for s in deviations.values())
    values, errors = {}, {}
    for number, channel in enumerate(channels, start=1):
        fraction, variance = volumes[number] / whole, deviations[number] ** 2
        spread_squared = (1 - fraction) ** 2 * variance + fraction**2 * (total_variance - variance)
        values[channel.parameter] = fraction
        errors[channel.parameter] = math.sqrt(max(0.0, spread_squared)) / whole
    return AsMade(values=values, deviations=errors)


def _delivered(
    channels: Sequence[Channel], acts: Sequence[Act], results: Sequence[ActResult]
) -> tuple[dict[int, float], dict[int, float]]:
    volumes = dict.fromkeys(range(1, len(channels) + 1), 0.0)
    deviations = dict(volumes)
    for result in results:
        act = acts[result.act]
        if act.plan == "dose":
            number = int(act.arguments["channel"])
            volumes[number] = float(result.readings["delivered"])
            deviations[number] = max(0.0, float(result.readings["deviation"]))
    return volumes, deviations
