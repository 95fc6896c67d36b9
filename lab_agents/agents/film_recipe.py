"""The recipe of a perovskite film: mix an ink, spin it, anneal the wet film, shelve it.

The liquid handler mixes, the line's spin coater makes the film, the robot carries it to a free position of the line's
hotplate, which anneals it. A wet film dries while it waits, so that carrying and annealing may each wait only for a
short time. Composition and process as made are what the instruments report, with their deviations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab_agents.agents.bidder_state import Prepared, Refusal
from lab_agents.agents.limits import find_breach
from lab_agents.agents.making import Making
from lab_agents.agents.stoichiometry import (
    FRACTIONS,
    Range,
    UnmixableError,
    find_volumes,
    fractions_made,
    without_traces,
)
from lab_agents.messages.work import TaskDone, TaskFailed
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act, ActResult, Argument, Need, Recipe, Step, Transfer
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate
from lab_agents.records.stock import read_volumes, volumes_text

PROCESS = ("anneal_temperature", "anneal_time", "speed", "delay")
"""Parameters of the process: °C, min, 1/min, s; one that a candidate does not have is a setting of the line."""
PARAMETERS = (*FRACTIONS, *PROCESS)
"""Everything that a film's design space may vary."""
MINUTE = 60.0
DEVIATIONS: Mapping[str, float] = {"anneal_temperature": 1.5, "anneal_time": 0.02, "speed": 15.0, "delay": 0.1}
"""One standard deviation of what an instrument reports of a step, in the unit of the parameter, where the line's
setting `deviation_<parameter>` declares no other. Temperature: plates hold ±0.5 °C and are 2 °C colder at their edge;
time: a second; speed: ±1 % of 3000/min as two deviations; delay: a drop sensor's 0.1 s (assumptions)."""
DEFAULTS: Mapping[str, Argument] = {
    "amount": 400.0,  # µmol of formula units: 500 µL of 0.8 mol/L, and 0.5 % of a halide is a volume for a tip
    "spin": 45.0,  # s; the antisolvent must come before the end
    "antisolvent": 250.0,  # µL a film, a common amount for 25 mm substrates (assumption)
    "ink_wait": 3600.0,  # s; inks of tin are used within the hour (assumption)
    "dry_wait": 300.0,  # s; how long a wet film may wait for the robot, and then for the plate (assumption)
    "rack": "rack",
}


class FilmRecipe:
    """How a line with a spin coater and a hotplate makes a film from a shared handler's ink."""

    def prepare(self, line: str, lab: Laboratory, asked: Candidate) -> Prepared | Refusal:
        """Volumes, set-points, places; refused where a stock, a limit or a process parameter is missing."""
        settings = {**DEFAULTS, **lab.agents[line].settings}
        process = {name: asked.values.get(name, settings.get(name)) for name in PROCESS}
        missing = sorted(name for name, value in process.items() if value is None)
        missing += sorted(set(asked.values) - set(PARAMETERS))
        if missing:
            return Refusal(code="infeasible", reason=f"{line} neither varies nor declares {', '.join(missing)}")
        handler = lab.agents[str(settings["handler"])].instruments[0]
        fractions = {name: asked.values[name] for name in FRACTIONS if name in asked.values}
        amount, pipette = float(settings["amount"]), _pipette(lab, handler)
        try:
            volumes = find_volumes(lab.stocks, without_traces(lab.stocks, fractions, amount, pipette), amount, pipette)
        except UnmixableError as error:
            return Refusal(code="infeasible", reason=str(error))
        numbers = {name: float(value) for name, value in process.items() if value is not None}
        recipe = film_recipe(line, lab, settings, volumes, numbers)
        breach = find_breach(lab, _all_acts(lab, recipe, str(settings["plate"])))
        if breach is None and numbers["delay"] > float(settings["spin"]):
            breach = (
                f"the antisolvent would come after {numbers['delay']:g} s, the spin ends after {settings['spin']} s"
            )
        if breach:
            return Refusal(code="infeasible", reason=breach)
        return Prepared(recipe=recipe, stock={**volumes, **_tips(lab, line, len(volumes)), **_spun(lab, line)})

    def drawn(self, line: str, lab: Laboratory, step: Step, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """Every volume that left its bottle and its tip after mixing, a substrate and antisolvent after spinning."""
        if step.name == "spin":
            return _spun(lab, line)
        if step.name != "mix":
            return {}
        volumes = read_volumes(str(step.acts[0].arguments["volumes"]))
        for result in body.results:
            # What a bubble kept from the vial has left the bottle all the same.
            told = read_volumes(str(result.readings["delivered"]))
            volumes = {stock: max(volume, told.get(stock, 0.0)) for stock, volume in volumes.items()}
        return {**volumes, **_tips(lab, line, len(volumes))}

    def find_flaw(self, step: Step, body: TaskDone) -> str:
        """A transfer that the handler found wrong, or antisolvent that no sensor saw."""
        for result in body.results:
            flagged = str(result.readings.get("flagged", ""))
            if step.name == "mix" and flagged:
                return f"the handler's pressure sensor found the transfer of {flagged.replace(';', ', ')} wrong"
            if step.name == "spin" and float(result.readings["delay"]) <= 0.0:
                return "the drop sensor saw no antisolvent"
        return ""

    def made(self, lab: Laboratory, making: Making) -> AsMade:
        """Site fractions from the delivered volumes, process parameters from what the instruments executed."""
        settings = lab.agents[making.line].settings
        (mixed,), (spun,) = (making.step(name)[1] for name in ("mix", "spin"))
        temperature, duration = _annealed(making.times("anneal"))
        found = fractions_made(
            lab.stocks,
            read_volumes(str(mixed.readings["delivered"])),
            read_volumes(str(mixed.readings["deviation"])),
        )
        executed = {
            "anneal_temperature": temperature,
            "anneal_time": duration / MINUTE,
            "speed": _reading(spun, "speed"),
            "delay": _reading(spun, "delay"),
        }
        for name, value in executed.items():
            found[name] = (value, float(settings.get(f"deviation_{name}", DEVIATIONS[name])))
        made = {name: found[name] for name in making.asked.values}
        return AsMade(values={n: v for n, (v, _) in made.items()}, deviations={n: d for n, (_, d) in made.items()})


def _annealed(anneals: Sequence[ActResult]) -> tuple[float, float]:
    """Temperature (°C) and duration (s) of all anneals of a film: the mean over time, and the sum.

    One pair of numbers for a film that was annealed twice is an approximation; what happened stands in its history.
    """
    durations = [_reading(one, "duration") for one in anneals]
    total = sum(durations)
    weights = durations if total > 0 else [1.0] * len(durations)
    heat = sum(_reading(one, "temperature") * weight for one, weight in zip(anneals, weights, strict=True))
    return heat / sum(weights), total


def film_recipe(
    line: str,
    lab: Laboratory,
    settings: Mapping[str, Argument],
    volumes: Mapping[str, float],
    process: Mapping[str, float],
) -> Recipe:
    """The five steps, and the places that they need together.

    Args:
        line: Who makes it.
        lab: Where.
        settings: Of the line, with `DEFAULTS`.
        volumes: µL by stock.
        process: By parameter.
    """
    handler, robot = str(settings["handler"]), str(settings["robot"])
    mix = Act(
        instrument=lab.agents[handler].instruments[0],
        plan="mix",
        arguments={"volumes": volumes_text(volumes)},
        places={"vial": "vial"},
    )
    spinning = {"speed": process["speed"], "duration": float(settings["spin"]), "delay": process["delay"]}
    spin = Act(instrument=str(settings["coater"]), plan="spin", arguments=spinning)
    holding = {"temperature": process["anneal_temperature"], "duration": MINUTE * process["anneal_time"]}
    plates = _plates(lab, str(settings["plate"]))
    anneal = Act(instrument=plates[0], plan="anneal", arguments=holding, at="plate")
    ink_wait, dry_wait = float(settings["ink_wait"]), float(settings["dry_wait"])
    to_plate, to_rack = Transfer(source="stage", target="plate"), Transfer(source="plate", target="rack")
    return Recipe(
        steps=(
            Step(name="mix", kind="mix", owner=handler, acts=(mix,)),
            Step(name="spin", kind="coat", owner=line, acts=(spin,), max_wait=ink_wait, holds=("vial", "stage")),
            Step(name="to_plate", owner=robot, transfer=to_plate, max_wait=dry_wait),
            Step(name="anneal", kind="anneal", owner=line, acts=(anneal,), max_wait=dry_wait, may_repeat=True),
            Step(name="shelve", owner=robot, transfer=to_rack),
        ),
        needs=(
            Need(role="vial", place=str(settings["vial"])),
            Need(role="stage", place=str(settings["stage"])),
            Need(role="plate", kind=str(settings["plate"])),
            Need(role="rack", kind=str(settings["rack"])),
        ),
    )


@dataclass(frozen=True)
class SetPoint:
    """The quantity of an instrument that a parameter sets, and what it is multiplied by."""

    instrument: str
    quantity: str
    factor: float = 1.0


def set_point_of(lab: Laboratory, line: str, parameter: str) -> SetPoint | None:
    """What a parameter of the process sets on a line; None for a site fraction."""
    settings = lab.agents[line].settings
    coater, plate = str(settings["coater"]), _plates(lab, str(settings["plate"]))[0]
    return {
        "anneal_temperature": SetPoint(plate, "temperature"),
        "anneal_time": SetPoint(plate, "duration", MINUTE),
        "speed": SetPoint(coater, "speed"),
        "delay": SetPoint(coater, "delay"),
    }.get(parameter)


def _plates(lab: Laboratory, kind: str) -> tuple[str, ...]:
    """The instruments that act at the places of a kind."""
    return tuple(p.instrument for p in lab.places if p.kind == kind and p.instrument is not None)


def _all_acts(lab: Laboratory, recipe: Recipe, kind: str) -> Sequence[Act]:
    """The acts of a recipe; what is done at any place of a kind, once for each instrument there."""
    acts = [act for step in recipe.steps for act in step.acts]
    fixed = [act for act in acts if act.at is None]
    placed = [act for act in acts if act.at is not None]
    return [*fixed, *(a.model_copy(update={"instrument": i}) for a in placed for i in _plates(lab, kind))]


def _pipette(lab: Laboratory, handler: str) -> Range:
    limit = lab.instruments[handler].limits["volume"]
    return Range(limit.smallest or 0.0, limit.upper)


def _tips(lab: Laboratory, line: str, n: int) -> dict[str, float]:
    """One tip for each liquid, from the stock that the handler declares."""
    handler = lab.agents[str(lab.agents[line].settings["handler"])].instruments[0]
    tips = lab.instruments[handler].settings.get("tips")
    return {} if tips is None else {str(tips): float(n)}


def _spun(lab: Laboratory, line: str) -> dict[str, float]:
    """What one spin uses up of the line's own consumables."""
    each = {"piece": 1.0, "µL": float(lab.agents[line].settings.get("antisolvent", DEFAULTS["antisolvent"]))}
    return {c.name: each[c.unit] for c in lab.consumables if c.used_by == line}


def _reading(result: ActResult, name: str) -> float:
    return float(result.readings[name])
