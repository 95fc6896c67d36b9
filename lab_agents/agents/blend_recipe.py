"""The recipe of a blend: doses into a new vial, coating, shelving.

Each parameter becomes a volume by its channel (`offset + scale * value`); zeros are skipped. The composition as made
comes from the volumes that the dispenser reports, with their deviations.
"""

import math
from collections.abc import Mapping, Sequence

from lab_agents.agents.bidder_state import Prepared, Refusal
from lab_agents.agents.limits import find_breach
from lab_agents.agents.making import Making
from lab_agents.messages.work import TaskDone, TaskFailed
from lab_agents.records.laboratory import Channel, Laboratory
from lab_agents.records.recipe import Act, ActResult, Argument, Need, Recipe, Step, Transfer
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate

NEGLIGIBLE = 1e-9
"""Volumes below this (µL) are none: a femtolitre is no dose, and rounding leaves such remainders."""
DIGITS = 6
"""Volumes are asked for to a picolitre, so that equal candidates ask for equal volumes."""


class BlendRecipe:
    """How a line with a dispenser and a coater makes a film of a blend."""

    def prepare(self, line: str, lab: Laboratory, asked: Candidate) -> Prepared | Refusal:
        """Doses, coating and shelving, if every set-point is within the line's limits."""
        doses = find_doses(lab.channels, asked)
        if isinstance(doses, Refusal):
            return doses
        recipe = making_recipe(line, lab.agents[line].settings, doses)
        breach = find_breach(lab, (act for step in recipe.steps for act in step.acts))
        if breach:
            return Refusal(code="infeasible", reason=breach)
        units = {c.name: c.unit for c in lab.consumables if c.used_by == line}
        volume = sum(doses.values())
        return Prepared(recipe=recipe, stock={name: volume if u == "µL" else 1.0 for name, u in units.items()})

    def drawn(self, line: str, lab: Laboratory, step: Step, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """Reported volumes after dispensing (as asked where nothing was reported), one substrate after coating."""
        unit = {"dispense": "µL", "coat": "piece"}.get(step.name)
        if unit is None:
            return {}
        amount = 1.0 if unit == "piece" else _drawn_volume(step.acts, body)
        return {c.name: amount for c in lab.consumables if c.used_by == line and c.unit == unit}

    def find_flaw(self, step: Step, body: TaskDone) -> str:
        """Nothing that is reported of a good step spoils a blend."""
        del step, body
        return ""

    def made(self, lab: Laboratory, making: Making) -> AsMade:
        """The composition, from the volumes that the dispenser reported."""
        acts, results = making.step("dispense")
        return as_made(lab.channels, acts, results, is_simplex=making.is_mixture)


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
            Step(name="dispense", kind="mix", owner=line, acts=dispense),
            Step(name="coat", kind="coat", owner=line, acts=(Act(instrument=coater, plan="coat", arguments=spin),)),
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
