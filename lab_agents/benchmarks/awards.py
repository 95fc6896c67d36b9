"""`benchmark awards`: what joint awards pay against first come, first served, in the same laboratory.

Every campaign is that of `examples/absorber.yaml` with 32 films, in the laboratory `thin_film_old_line`, by the agents
that would run it: same world, same planner, same faults. What differs is the field `awards` of the campaign alone.
"""

import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from statistics import fmean

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.assembly import behaviour_of
from lab_agents.bench.film_campaign import DEMO_SPACE, FilmCampaign, film_campaign
from lab_agents.bench.ring_campaign import RingOutcome, run_ring_campaign
from lab_agents.benchmarks.figures import Figure, confidence, verdict
from lab_agents.records.campaign import AwardOrder

LABORATORY, ALIKE = "thin_film_old_line", "thin_film"
"""Where lines differ, and where they are alike."""
SAMPLES = 32
"""Eight batches: four that fill the space and four that the planner chooses."""
LEAST_GAIN = 1.15
MOST_STRETCH = 1.15
"""Nobody knows the least makespan; a schedule within 15 % of its lower bound leaves little to gain by its order."""
ORDERS: tuple[AwardOrder, AwardOrder] = ("joint", "first_come")
SEEDS_ALIKE = 4
"""Seeds of the laboratory whose lines are alike: it only shows what of the gain is due to the lines."""
STAND_IN = "conclusions drawn by the stand-in for raw data"

Progress = Callable[[int, int], None]
Outcomes = dict[AwardOrder, list[RingOutcome]]


def benchmark_awards(seeds: int, _table: Path | None, progress: Progress, processes: int = 2) -> list[Figure]:
    """All figures over seeds 0 to `seeds` - 1.

    Args:
        seeds: How many campaigns with each order of awards.
        progress: Told after each campaign.
        processes: How many campaigns at a time.
    """
    runs = [(LABORATORY, order, seed) for seed in range(seeds) for order in ORDERS]
    runs += [(ALIKE, order, seed) for seed in range(min(seeds, SEEDS_ALIKE)) for order in ORDERS]
    found: dict[str, Outcomes] = {lab: {order: [] for order in ORDERS} for lab in (LABORATORY, ALIKE)}
    with (
        tempfile.TemporaryDirectory() as cache,
        # Spawned, because a forked torch hangs where its parent had threads.
        ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool,
    ):
        best = film_campaign(DEMO_SPACE).best(Path(cache))
        futures = {pool.submit(run_awards, *run): run for run in runs}
        for done, future in enumerate(as_completed(futures), start=1):
            lab, order, _ = futures[future]
            found[lab][order].append(future.result())
            progress(done, len(runs))
    for outcomes in found.values():
        for of_order in outcomes.values():
            of_order.sort(key=lambda outcome: outcome.seed)
    return award_figures(found[LABORATORY], found[ALIKE], best)


def run_awards(laboratory: str, order: AwardOrder, seed: int, samples: int = SAMPLES) -> RingOutcome:
    """One campaign in a laboratory that comes with the package."""
    campaign = film_campaign(DEMO_SPACE)
    plan = campaign.plan
    budget = plan.budget.model_copy(update={"samples": samples})
    planner = plan.planner.model_copy(update={"initial": min(plan.planner.initial, samples)})
    plan = plan.model_copy(update={"budget": budget, "planner": planner, "awards": order})
    lab = read_laboratory(find_laboratory(laboratory, Path()))
    return run_ring_campaign(FilmCampaign(plan, lab, DEMO_SPACE).seeded(seed), behaviour_of)


def award_figures(differ: Outcomes, alike: Outcomes, best: float) -> list[Figure]:
    """The rows, from campaigns in the order of their seeds; `best` is the utility of the world's best film."""
    joint, first = differ["joint"], differ["first_come"]
    gain, gain_alike = _rate(joint) / _rate(first), _rate(alike["joint"]) / _rate(alike["first_come"])
    regrets = [
        [run.mean_regret(best, min(a.hours, b.hours)) for run in (a, b)] for a, b in zip(joint, first, strict=True)
    ]
    ours, theirs = (fmean(pair[i] for pair in regrets) for i in (0, 1))
    lost = "; ".join(f"{name}: {_lost(runs)} lost" for name, runs in (("joint", joint), ("first come", first)))
    return [
        Figure(
            figure="samples per laboratory hour, joint awards over first come, first served",
            target=f"at least {LEAST_GAIN:g}",
            measured=gain,
            interval=confidence([a.rate / b.rate for a, b in zip(joint, first, strict=True)]),
            verdict=verdict(gain >= LEAST_GAIN),
            note=f"{_rate(joint):.3f} and {_rate(first):.3f} an hour; {lost}; {gain_alike:.3f} where lines are alike",
        ),
        Figure(
            figure="makespan of batches over the lower bound of the bottleneck, joint awards",
            target=f"at most {MOST_STRETCH:g}",
            measured=_stretch(joint),
            verdict=verdict(_stretch(joint) <= MOST_STRETCH),
            note=f"first come: {_stretch(first):.3f}; bottlenecks: {_bottlenecks(joint)} and {_bottlenecks(first)}",
        ),
        Figure(
            figure="regret per laboratory hour, joint awards",
            target=f"at most {theirs:.3f}, that of first come, first served",
            measured=ours,
            verdict=verdict(ours <= theirs),
            note=f"mean over the hours that both campaigns ran; true values; {STAND_IN}",
        ),
    ]


def _rate(runs: Sequence[RingOutcome]) -> float:
    """Samples an hour of all the hours together."""
    return sum(run.n_measured for run in runs) / sum(run.hours for run in runs)


def _lost(runs: Sequence[RingOutcome]) -> str:
    return f"{sum(run.n_begun - run.n_measured for run in runs)} of {sum(run.n_begun for run in runs)}"


def _stretch(runs: Sequence[RingOutcome]) -> float:
    return sum(run.makespan for run in runs) / sum(run.bound for run in runs)


def _bottlenecks(runs: Sequence[RingOutcome]) -> str:
    return ", ".join(sorted({run.bottleneck for run in runs}))
