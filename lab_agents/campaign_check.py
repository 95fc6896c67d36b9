"""Checking a campaign against its laboratory: what it wants must be something that the laboratory can do."""

import math
from collections.abc import Mapping

from instruments.lab import read_laboratory
from lab_agents.campaign_file import CampaignFile
from lab_agents.errors import DeclarationError
from lab_agents.records.autonomy import Trusted
from lab_agents.records.laboratory import Channel, Laboratory
from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.replayed_table import channels_for


def check_against_lab(campaign: CampaignFile) -> Laboratory:
    """Check, and return the laboratory as this campaign will find it.

    Raises:
        DeclarationError: Naming the campaign file's line, if no station takes the measurement, no analysis understands
            it, a line is not there, a parameter has no channel, or no line can dose its range.
    """
    laboratory = read_laboratory(campaign.lab_path)
    makes_films = film_lines(laboratory) != ()
    if not laboratory.channels and laboratory.simulation is not None and not makes_films:
        _check_channel_count(campaign)
        laboratory = laboratory.model_copy(update={"channels": channels_for(campaign.plan.space)})
    _check_measurement(campaign, laboratory)
    _check_lines(campaign, laboratory)
    _check_planner(campaign)
    _check_autonomy(campaign)
    if makes_films:
        _check_films(campaign, laboratory)
    else:
        _check_channels(campaign, laboratory)
    _check_controls(campaign)
    _check_budget(campaign, laboratory)
    _check_stopping(campaign, laboratory)
    _check_replay(campaign, laboratory)
    return laboratory


_CHANNELS = 4
"""Of every dispenser that comes along; a table with more inputs needs a laboratory of its own."""


def _check_channel_count(campaign: CampaignFile) -> None:
    n = len(campaign.plan.space.parameters)
    if n > _CHANNELS:
        raise campaign.declaration.error(
            f"{n} inputs are declared; the dispensers of {campaign.lab} have {_CHANNELS} channels", "table", "inputs",
            remedy="Take a laboratory with more channels, or fix some inputs",
        )  # fmt: skip


def _check_measurement(campaign: CampaignFile, laboratory: Laboratory) -> None:
    from lab_agents.analysis.kinds import ANALYSES

    stations = laboratory.agents_of("characterization")
    kinds = {s: laboratory.agents[s].settings.get("kind") for s in stations}
    for number, wanted in enumerate(campaign.plan.measurements):
        if wanted not in ANALYSES:
            known = f"Known are {', '.join(sorted(ANALYSES))}"
            what = f"no analysis understands {wanted!r}"
            raise campaign.declaration.error(what, "measurements", number, remedy=known)
        if wanted not in kinds.values():
            can = ", ".join(f"{s} takes {k}" for s, k in kinds.items()) or "it has no station at all"
            what = f"no station of {laboratory.name} takes a {wanted}"
            raise campaign.declaration.error(what, "measurements", number, remedy=f"There {can}")


def _check_lines(campaign: CampaignFile, laboratory: Laboratory) -> None:
    known = laboratory.agents_of("synthesis")
    if not known:
        raise campaign.declaration.error(f"{laboratory.name} has no synthesis line", "lab")
    for number, line in enumerate(campaign.plan.lines):
        if line not in known:
            raise campaign.declaration.error(
                f"there is no line {line!r} in {laboratory.name}",
                "lines",
                number,
                remedy=f"Known are {', '.join(known)}",
            )


def _check_planner(campaign: CampaignFile) -> None:
    from importlib.metadata import entry_points

    known = sorted({point.name for point in entry_points(group="lab_agents.planners")})
    wanted = campaign.plan.planner.name
    if wanted not in known:
        raise campaign.declaration.error(
            f"there is no planner {wanted!r}", "planner", "name", remedy=f"Installed are {', '.join(known)}"
        )


def _check_autonomy(campaign: CampaignFile) -> None:
    """A trusted region of parameters that are there, in their units, that some candidate lies in; kinds that occur."""
    autonomy = campaign.plan.autonomy
    parameters = {p.name: p for p in campaign.plan.space.parameters}
    for name, trusted in autonomy.within.items():
        known = parameters.get(name)
        if known is None:
            what, remedy = f"there is no parameter {name!r}", f"The parameters are {', '.join(parameters)}"
        else:
            what, remedy = _trust_problem(known, trusted)
        if what:
            raise campaign.declaration.error(what, "autonomy", "within", name, remedy=remedy)
    for number, kind in enumerate(autonomy.measurements):
        if kind not in campaign.plan.measurements:
            taken = f"The campaign takes {', '.join(campaign.plan.measurements)}"
            what = f"no sample of this campaign gets a {kind}"
            raise campaign.declaration.error(what, "autonomy", "measurements", number, remedy=taken)
    if autonomy.approve_awards:
        what = "is how campaigns of the first release said that every award waits for an approval"
        raise campaign.declaration.error(what, "autonomy", "approve_awards", remedy="Write level: manual")


def _check_budget(campaign: CampaignFile, laboratory: Laboratory) -> None:
    """Limits of what the laboratory has, and money where something costs."""
    budget, known = campaign.plan.budget, laboratory.holdings
    for name in budget.consumables:
        if name not in known:
            what = f"{laboratory.name} has no consumable or stock {name!r}"
            remedy = f"It has {', '.join(known) or 'none'}"
            raise campaign.declaration.error(what, "budget", "consumables", name, remedy=remedy)
    if budget.money is not None and not _has_prices(laboratory):
        what = f"{laboratory.name} states no prices, so nothing of it would ever be spent"
        raise campaign.declaration.error(what, "budget", "money", remedy="Declare prices in the lab file")


def _check_stopping(campaign: CampaignFile, laboratory: Laboratory) -> None:
    """Rules that can come true, and not with the first sample."""
    stop, target = campaign.plan.stop, campaign.plan.target
    met = stop.target_met
    if met is not None and met.samples > campaign.plan.budget.samples:
        what = f"{met.samples} samples are more than the budget of {campaign.plan.budget.samples}"
        raise campaign.declaration.error(what, "stop", "target_met", "samples", remedy="Lower it")
    if met is not None and met.objective is None and not target.constraints:
        what = "the target has no constraints, so the first sample would meet it"
        remedy = f"State the objective, in {target.unit!r}, that is good enough"
        raise campaign.declaration.error(what, "stop", "target_met", remedy=remedy)
    if stop.gain is not None and stop.gain.worth is not None and not _has_prices(laboratory):
        what = f"{laboratory.name} states no prices, so no gain would ever be worth less than a sample"
        remedy = "Declare prices in the lab file, or write `below`"
        raise campaign.declaration.error(what, "stop", "gain", "worth", remedy=remedy)


def _has_prices(laboratory: Laboratory) -> bool:
    return laboratory.prices.hour > 0 or any(price > 0 for price in laboratory.prices.consumables.values())


def _check_controls(campaign: CampaignFile) -> None:
    """A recipe that is a point of the space, and properties that the campaign measures, in their units."""
    controls = campaign.plan.controls
    if controls is None:
        return
    problem = find_candidate_problem(campaign.plan.space, controls.recipe)
    if problem is not None:
        where, what, remedy = problem
        raise campaign.declaration.error(what, "controls", "recipe", *where, remedy=remedy)
    from lab_agents.analysis.kinds import properties_of

    target = campaign.plan.target
    asked = {} if target.parameter is not None else {target.property: target.unit}
    units = asked | properties_of(campaign.plan.measurements)
    for name, limits in controls.properties.items():
        if name not in units:
            known = f"They give {', '.join(sorted(units)) or 'nothing'}"
            what = f"no measurement of this campaign gives {name!r}"
            raise campaign.declaration.error(what, "controls", "properties", name, remedy=known)
        if limits.unit != units[name]:
            what = f"its unit is {limits.unit!r}, but {name} is concluded in {units[name]!r}"
            raise campaign.declaration.error(
                what, "controls", "properties", name, "unit", remedy=f"Write {units[name]}"
            )


_FRACTION_SUM = 1e-6
"""How far the fractions of a simplex may be from one: rounding of written decimals, not a wish."""


def find_candidate_problem(space: DesignSpace, values: Mapping[str, float]) -> tuple[tuple[str, ...], str, str] | None:
    """Which parameter keeps a point out of a space (if it is one), why, and the remedy; None if it lies inside."""
    known = {p.name: p for p in space.parameters}
    for name, value in values.items():
        if name not in known:
            return (name,), f"there is no parameter {name!r}", f"The parameters are {', '.join(known)}"
        p = known[name]
        if not p.lower <= value <= p.upper:
            what = f"is {value:g} {p.unit}, and the space goes from {p.lower:g} to {p.upper:g}"
            return (name,), what, "Take a value inside"
    missing = [name for name in known if name not in values]
    if missing:
        return (), f"it has no {', '.join(missing)}", "Give every parameter of the space a value"
    for group in space.simplices:
        total = math.fsum(values[name] for name in group)
        if abs(total - 1) > _FRACTION_SUM:
            return (), f"{' + '.join(group)} is {total:g}, and must be 1", "Mend the fractions"
    return None


def _trust_problem(parameter: Parameter, trusted: Trusted) -> tuple[str, str]:
    """Why a trusted range cannot be meant, and the remedy; two empty texts where it can."""
    span = f"{parameter.lower:g} to {parameter.upper:g} {parameter.unit}"
    if trusted.unit not in (None, parameter.unit):
        return f"its unit is {trusted.unit!r}, and the space has {span}", f"Give it in {parameter.unit}"
    lower = parameter.lower if trusted.lower is None else trusted.lower
    upper = parameter.upper if trusted.upper is None else trusted.upper
    if lower > parameter.upper or upper < parameter.lower:
        return f"no candidate lies in it: {parameter.name} goes from {span}", "Mend the bounds, or write level: manual"
    return "", ""


def _check_channels(campaign: CampaignFile, laboratory: Laboratory) -> None:
    channels = {c.parameter: c for c in laboratory.channels}
    inputs = ("table", "inputs") if campaign.table is not None else ("space", "parameters")
    for parameter in campaign.plan.space.parameters:
        channel = channels.get(parameter.name)
        if channel is None:
            raise campaign.declaration.error(
                f"{laboratory.name} has no channel for {parameter.name}", *inputs, parameter.name,
                remedy=f"Its channels are {', '.join(channels) or 'none'}",
            )  # fmt: skip
        problems = [
            p for p in (_dosing_problem(laboratory, d, parameter, channel) for d in _dispensers(laboratory)) if p
        ]
        if problems and len(problems) == len(_dispensers(laboratory)):
            raise campaign.declaration.error(
                "; ".join(problems), *inputs, parameter.name, remedy="Narrow the range, or change the channel's scale"
            )


def _check_films(campaign: CampaignFile, laboratory: Laboratory) -> None:
    """Every parameter is one of a film, and some line can set each end of its range."""
    from lab_agents.agents.film_recipe import PARAMETERS

    for parameter in campaign.plan.space.parameters:
        if parameter.name not in PARAMETERS:
            raise campaign.declaration.error(
                f"{laboratory.name} makes films, which have no {parameter.name}", "space", "parameters", parameter.name,
                remedy=f"Known are {', '.join(PARAMETERS)}",
            )  # fmt: skip
        problems = [_setting_problem(laboratory, line, parameter) for line in film_lines(laboratory)]
        if all(problems):
            raise campaign.declaration.error(
                "; ".join(problems), "space", "parameters", parameter.name, remedy="Narrow the range"
            )


def _setting_problem(laboratory: Laboratory, line: str, parameter: Parameter) -> str:
    """Why a line cannot set both ends of a range, or an empty text."""
    from lab_agents.agents.film_recipe import set_point_of

    set_point = set_point_of(laboratory, line, parameter.name)
    if set_point is None:
        return ""
    limit = laboratory.instruments[set_point.instrument].limits[set_point.quantity]
    ends = (set_point.factor * parameter.lower, set_point.factor * parameter.upper)
    if limit.lower <= ends[0] and ends[1] <= limit.upper:
        return ""
    return (
        f"{parameter.name} from {parameter.lower:g} to {parameter.upper:g} {parameter.unit} needs {ends[0]:g} to "
        f"{ends[1]:g} {limit.unit}; {set_point.instrument} takes {limit.lower:g} to {limit.upper:g}"
    )


def film_lines(laboratory: Laboratory) -> tuple[str, ...]:
    """The lines that make films."""
    lines = laboratory.agents_of("synthesis")
    return tuple(line for line in lines if laboratory.agents[line].settings.get("recipe") == "film")


def _dispensers(laboratory: Laboratory) -> list[str]:
    return [name for name, i in laboratory.instruments.items() if "volume" in i.limits]


def _dosing_problem(laboratory: Laboratory, dispenser: str, parameter: Parameter, channel: Channel) -> str:
    limit = laboratory.instruments[dispenser].limits["volume"]
    ends = sorted(channel.offset + channel.scale * v for v in (parameter.lower, parameter.upper))
    # A ten-thousandth of the range is rounding, not a wish.
    slack = 1e-4 * (limit.upper - limit.lower)
    if ends[0] < limit.lower - slack or ends[1] > limit.upper + slack:
        return (
            f"{parameter.name} from {parameter.lower:g} to {parameter.upper:g} needs {ends[0]:g} to {ends[1]:g} µL; "
            f"{dispenser} doses {limit.lower:g} to {limit.upper:g}"
        )
    return ""


def _check_replay(campaign: CampaignFile, laboratory: Laboratory) -> None:
    simulation = laboratory.simulation
    if simulation is not None and simulation.world == "replay" and campaign.data is None:
        raise DeclarationError(
            f"{laboratory.name} replays recorded measurements, and this campaign names no table",
            source=campaign.source, line=campaign.declaration.line("space"), field="space",
            remedy="Declare a table, or take another laboratory",
        )  # fmt: skip
