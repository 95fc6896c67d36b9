"""Whole absorber campaigns on the bench, and what is true of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from instruments.lab import read_laboratory
from lab_agents.bench.film_truth import FilmTruth
from lab_agents.bench.loop import Course, run_bench
from lab_agents.campaign_file import read_campaign
from lab_agents.hits import is_hit, joint_chance
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.target import Target
from lab_agents.shipped import find_example
from planners.catalogue import make_planner
from planners.protocols import Learned
from simulators.errors import WorldError
from simulators.world.absorber import World
from simulators.world.optimum import DEMO, FULL_HALIDES, find_optimum
from simulators.world.truth import Truth, is_feasible, is_reached, utility

DEMO_SPACE, FULL_SPACE = "demo", "full"
WORLD_SPACES = {DEMO_SPACE: DEMO, FULL_SPACE: FULL_HALIDES}
_FILES = {DEMO_SPACE: "absorber.yaml", FULL_SPACE: "absorber_full.yaml"}
BAD_DAY = "absorber_bad_day.yaml"
BLIND = frozenset({"space_filling", "random"})
"""Planners that never look at an outcome: their films need not be measured to be judged."""
NINETY = 1.6448536269514722
"""Standard deviations on either side that hold 90 % of a normal distribution."""
LITTLE_LEAD = 0.35
"""Share of lead that a good planner reaches soon after the first feasible film."""


@dataclass(frozen=True)
class FilmCampaign:
    """A campaign with its laboratory and the space that its optimum is searched in."""

    plan: CampaignPlan
    laboratory: Laboratory
    space: str

    @property
    def world(self) -> World:
        """The world behind the laboratory."""
        settings = self.laboratory.simulation.settings if self.laboratory.simulation else {}
        seed = settings.get("world_seed", 0)
        if not isinstance(seed, int):
            raise WorldError(f"world_seed is {seed!r}; give a whole number.")
        return World(seed=seed)

    def best(self, cache: Path | None = None) -> float:
        """The utility of the best film that the world holds."""
        return find_optimum(self.world, WORLD_SPACES[self.space], self.plan.target, cache).utility

    def seeded(self, seed: int) -> "FilmCampaign":
        """The same campaign with other random numbers, in the same world."""
        simulation = self.laboratory.simulation
        if simulation is None:
            raise WorldError(f"The lab file of {self.laboratory.name} declares no simulation.")
        laboratory = self.laboratory.model_copy(update={"simulation": simulation.model_copy(update={"seed": seed})})
        return FilmCampaign(self.plan.model_copy(update={"seed": seed}), laboratory, self.space)


@dataclass(frozen=True)
class RunOutcome:
    """One campaign as the hidden world judges it; plain values, because it crosses to another process.

    Attributes:
        seed: Of the campaign and of every draw.
        n_samples: Samples that were begun.
        n_lost: Of these, samples that told nothing.
        reached_at: Number of the first sample that reached the target, or None.
        little_lead_at: Number of the first feasible sample of little lead, or None.
        regret: How far the best sample made stays behind the world's best.
        named_regret: The same of the sample that the campaign itself would name best: the best stated hit, else the one
            that is most likely a hit; all of it where nothing was learned.
        stated: Objective, as made, of the best stated hit; None where no sample was stated to be one.
        claimed: For each claimed hit, whether it is true.
        covered: Property → for each conclusion, whether its 90 % interval holds the truth.
        n_spoiled: Samples that a fault of the laboratory struck.
        n_spoiled_taken_for_good: Of these, claimed hits that are not true.
        utilities: Of each sample, by true values.
    """

    seed: int
    n_samples: int
    n_lost: int
    reached_at: int | None
    little_lead_at: int | None
    regret: float
    named_regret: float
    stated: float | None = None
    claimed: tuple[bool, ...] = ()
    covered: Mapping[str, tuple[bool, ...]] = field(default_factory=dict)
    n_spoiled: int = 0
    n_spoiled_taken_for_good: int = 0
    utilities: tuple[float, ...] = ()


def film_campaign(space: str, *, bad_day: bool = False) -> FilmCampaign:
    """The campaign of `examples/absorber.yaml`, over the full halide simplex or on a bad day if so asked.

    Without its control films: they are judged for people, and a bench has none.
    """
    file = read_campaign(find_example(BAD_DAY if bad_day else _FILES[space]))
    plan = file.plan.model_copy(update={"controls": None})
    return FilmCampaign(plan, read_laboratory(file.lab_path), space)


def run_film_campaign(campaign: FilmCampaign, planner: str, seed: int, best: float) -> RunOutcome:
    """Run one campaign and judge it.

    Args:
        campaign: What is wanted, and where.
        planner: Name of the planner.
        seed: Of everything.
        best: Utility of the world's best film.
    """
    seeded = campaign.seeded(seed)
    truth = FilmTruth(seeded.laboratory, seeded.plan, analyses=planner not in BLIND)
    settings = seeded.plan.planner.settings if planner == seeded.plan.planner.name else {}
    course = run_bench(seeded.plan, None, make_planner(planner, settings), truth)
    return judge(seeded.plan.target, truth, course, seed, best)


def judge(target: Target, truth: FilmTruth, course: Course, seed: int, best: float) -> RunOutcome:
    """What is true of a campaign that was run."""
    truths = [truth.truth(sample) if sample in truth.films else None for sample in course.samples]
    values = [0.0 if true is None else utility(true, target) for true in truths]
    hits = [one for one in course.learned if is_hit(target, _read(one))]
    by_sample = dict(zip(course.samples, truths, strict=True))
    claimed = [_is_true(by_sample[hit.sample], target) for hit in hits]
    spoiled = {sample for sample, film in truth.films.items() if film.mishaps}
    leads = {one.sample: truth.films[one.sample].made.values[target.parameter or ""] for one in course.learned}
    likeliest = max(course.learned, key=lambda one: joint_chance(target, _read(one)), default=None)
    named = min(hits, key=lambda hit: leads[hit.sample], default=likeliest)
    named_utility = 0.0 if named is None else dict(zip(course.samples, values, strict=True))[named.sample]
    return RunOutcome(
        seed=seed,
        n_samples=len(course.samples),
        n_lost=len(course.lost),
        reached_at=_first(true is not None and is_reached(true, target) for true in truths),
        little_lead_at=_first(true is not None and is_reached(true, target, LITTLE_LEAD) for true in truths),
        regret=best - max(values, default=0.0),
        named_regret=best - named_utility,
        stated=min((leads[hit.sample] for hit in hits), default=None),
        claimed=tuple(claimed),
        covered=_covered(truth, by_sample, target),
        n_spoiled=len(spoiled),
        n_spoiled_taken_for_good=sum(
            hit.sample in spoiled and not is_true for hit, is_true in zip(hits, claimed, strict=True)
        ),
        utilities=tuple(values),
    )


def _covered(truth: FilmTruth, truths: Mapping[str, Truth | None], target: Target) -> dict[str, tuple[bool, ...]]:
    found: dict[str, list[bool]] = {}
    for sample, film in truth.films.items():
        true = truths.get(sample)
        for name in target.properties:
            said, is_so = film.values.get(name), None if true is None else true.value(name)
            if said is not None:
                inside = is_so is not None and abs(said.value - is_so) <= NINETY * said.deviation
                found.setdefault(name, []).append(inside)
    return {name: tuple(inside) for name, inside in found.items()}


def _read(one: Learned) -> dict[str, tuple[float, float]]:
    return {name: (outcome.value, outcome.deviation) for name, outcome in one.outcomes.items()}


def _is_true(true: Truth | None, target: Target) -> bool:
    return true is not None and is_feasible(true, target)


def _first(answers: Iterable[bool]) -> int | None:
    return next((number for number, yes in enumerate(answers, start=1) if yes), None)
