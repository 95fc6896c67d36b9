"""`benchmark loop`: from a target to a made and measured material, on the bench, over many seeds.

Every campaign makes 60 films of `examples/absorber.yaml` in the simulated thin-film laboratory, by the recipes, models
and analyses of the processes. It is judged by what is true of the films, not by what was concluded of them.
"""

import math
import multiprocessing
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from lab_agents.bench.film_campaign import (
    FULL_SPACE,
    LITTLE_LEAD,
    WORLD_SPACES,
    RunOutcome,
    film_campaign,
    run_film_campaign,
)
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.patterns import benchmark_patterns

SAMPLES = 60
PLANNER, BASELINES = "constrained", ("space_filling", "random")
N_FOREIGN = 40
"""Patterns of another program; each costs a second."""
COVERED = ("gap", "perovskite_fraction", "kept")

Progress = Callable[[int, int], None]
"""Told how many of how many runs are done."""


@dataclass(frozen=True)
class Kind:
    """One row of campaigns: planner, space, laboratory."""

    name: str
    planner: str = PLANNER
    space: str = "demo"
    bad_day: bool = False


KINDS = (
    Kind("planner"),
    Kind("space_filling", planner="space_filling"),
    Kind("random", planner="random"),
    Kind("full", space=FULL_SPACE),
    Kind("bad day", bad_day=True),
)


def benchmark_loop(seeds: int, _table: Path | None, progress: Progress, processes: int = 2) -> list[Figure]:
    """All figures over seeds 0 to `seeds` - 1.

    Args:
        seeds: How many campaigns of each kind.
        progress: Told after each campaign.
        processes: How many campaigns at a time.
    """
    runs = [(kind, seed) for seed in range(seeds) for kind in KINDS]
    outcomes: dict[str, list[RunOutcome]] = {kind.name: [] for kind in KINDS}
    with (
        tempfile.TemporaryDirectory() as cache,
        # Spawned, because a forked torch hangs where its parent had threads.
        ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool,
    ):
        best = {space: film_campaign(space).best(Path(cache)) for space in WORLD_SPACES}
        futures = {pool.submit(_run, kind, seed, best[kind.space]): kind for kind, seed in runs}
        for done, future in enumerate(as_completed(futures), start=1):
            outcomes[futures[future].name].append(future.result())
            progress(done, len(runs))
    return [
        *_reached_figures(outcomes, seeds),
        *_trust_figures(outcomes["planner"]),
        *benchmark_patterns(N_FOREIGN if seeds > 1 else 4, None, lambda _done, _of: None),
        *_bad_day_figures(outcomes["bad day"], seeds),
    ]


def _run(kind: Kind, seed: int, best: float) -> RunOutcome:
    campaign = film_campaign(kind.space, bad_day=kind.bad_day)
    return run_film_campaign(campaign, kind.planner, seed, best)


def _reached_figures(outcomes: dict[str, list[RunOutcome]], seeds: int) -> list[Figure]:
    ours, full = outcomes["planner"], outcomes["full"]
    n_reached, n_full = _n_reached(ours), _n_reached(full)
    at = median(_first(run.reached_at) for run in ours)
    little = median(_first(run.little_lead_at) for run in ours)
    regret = median(run.regret for run in ours)
    others = "; ".join(f"{name}: {_n_reached(outcomes[name])} of {seeds}" for name in BASELINES)
    regrets = "; ".join(f"{name}: {median(r.regret for r in outcomes[name]):.3f}" for name in BASELINES)
    return [
        _count("reached within 60 samples", n_reached, seeds, 0.95, others),
        Figure(
            figure="samples until reached, median",
            target="at most 24",
            measured=min(at, 1e6),
            verdict=verdict(at <= 24),
            note="; ".join(f"seed {run.seed}: {run.reached_at or 'never'}" for run in ours),
        ),
        Figure(
            figure="regret after 60 samples by true values, median",
            target="at most 0.04",
            measured=regret,
            verdict=verdict(regret <= 0.04),
            note=f"named best: {median(r.named_regret for r in ours):.3f}; {regrets}",
        ),
        Figure(
            figure=f"samples until a feasible film of x_Pb at most {LITTLE_LEAD:g}, median",
            target="at most 26",
            measured=min(little, 1e6),
            verdict=verdict(little <= 26),
        ),
        _count("full halide simplex: reached within 60 samples", n_full, seeds, 0.9, ""),
    ]


def _count(what: str, n: int, of: int, share: float, note: str) -> Figure:
    least = math.ceil(share * of - 1e-9)
    return Figure(figure=what, target=f"at least {least} of {of}", measured=n, verdict=verdict(n >= least), note=note)


def _trust_figures(runs: Sequence[RunOutcome]) -> list[Figure]:
    claimed = [is_true for run in runs for is_true in run.claimed]
    what, target = "claimed hits that are true", "at least 0.90"
    share = sum(claimed) / len(claimed) if claimed else 0.0
    figures = [
        Figure(figure=what, target=target, measured=share, verdict=verdict(share >= 0.9), note=f"{len(claimed)} hits")
        if claimed
        else not_run(what, target, "no hit was claimed")
    ]
    for name in COVERED:
        inside = [is_in for run in runs for is_in in run.covered.get(name, ())]
        what, target = f"stated 90 % intervals of {name} that hold the truth", "0.85 to 0.95"
        if not inside:
            figures.append(not_run(what, target, "nothing was concluded"))
            continue
        covers = sum(inside) / len(inside)
        figures.append(
            Figure(
                figure=what,
                target=target,
                measured=covers,
                verdict=verdict(0.85 <= covers <= 0.95),
                note=f"{len(inside)} conclusions",
            )
        )
    stated = [run.stated for run in runs if run.stated is not None]
    note = f"lead of the best stated hit, median: {median(stated):.2f}" if stated else ""
    figures.append(_count("campaigns that end with a stated hit", len(stated), len(runs), 0.9, note))
    return figures


def _bad_day_figures(runs: Sequence[RunOutcome], seeds: int) -> list[Figure]:
    n_done = sum(run.n_samples >= SAMPLES for run in runs)
    n_samples = sum(run.n_samples for run in runs)
    taken = sum(run.n_spoiled_taken_for_good for run in runs) / max(1, n_samples)
    spoiled = sum(run.n_spoiled for run in runs)
    return [
        _count("bad day: campaigns that complete", n_done, seeds, 1.0, f"{spoiled} of {n_samples} samples spoiled"),
        Figure(
            figure="bad day: spoiled samples taken for good, share of all",
            target="at most 0.01",
            measured=taken,
            verdict=verdict(taken <= 0.01),
        ),
    ]


def _n_reached(runs: Iterable[RunOutcome]) -> int:
    return sum(run.reached_at is not None for run in runs)


def _first(at: int | None) -> float:
    return math.inf if at is None else at
