"""`benchmark replay`: how soon the planner finds the best of recorded tables, on the bench, over many seeds.

Every figure is about the share of the best 5 % of a table's materials that was made within 60 samples, where the truth
is the mean of a material's replicates.
"""

import itertools
import math
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from lab_agents.bench.loop import Course, run_bench
from lab_agents.bench.table_truth import TableTruth
from lab_agents.benchmarks.figures import Figure, confidence, mean, not_run, spread, verdict
from lab_agents.errors import TableError
from lab_agents.records.campaign import Budget, CampaignPlan, PlannerChoice
from lab_agents.records.space import DesignSpace, Parameter
from lab_agents.records.table import InputRange, TableDeclaration
from lab_agents.records.target import Target
from lab_agents.tables import Table, locate_table, read_table
from planners.benchmarks.plain_gp import PlainGaussianProcess
from planners.catalogue import make_planner

SAMPLES, INITIAL, TOP = 60, 5, 0.05

Progress = Callable[[int, int], None]
"""Told how many of how many runs are done."""


@dataclass(frozen=True)
class Replay:
    """One table and what is wanted of it."""

    name: str
    target: Target
    table: TableDeclaration


@dataclass(frozen=True)
class Run:
    """One campaign on the bench; plain values, because it crosses to another process."""

    table: str
    path: Path | None
    planner: str
    batch: int
    seed: int


_FRACTION = InputRange(lower=0.0, upper=1.0)

PHOTO = Replay(
    "photo_pce10",
    Target(property="degradation", direction="minimize"),
    TableDeclaration(
        package="olympus",
        path="datasets/dataset_photo_pce10/data.csv",
        header=False,
        columns=("PCE10", "P3HT", "PCBM", "oIDTBR", "degradation"),
        inputs=dict.fromkeys(("PCE10", "P3HT", "PCBM", "oIDTBR"), _FRACTION),
        output="degradation",
        simplex=True,
    ),
)

BARREL = "crossed_barrel"
SOURCE = "The table is in PV-Lab/Benchmarking on GitHub (MIT), datasets/Crossed barrel_dataset.csv."
_BARREL_INPUTS = {
    "n": InputRange(lower=6.0, upper=12.0),
    "theta": InputRange(lower=0.0, upper=200.0, unit="°"),
    "r": InputRange(lower=1.5, upper=2.5, unit="mm"),
    "t": InputRange(lower=0.7, upper=1.4, unit="mm"),
}


def barrel(path: Path | None) -> Replay:
    """crossed_barrel at `path`, else where the project's neighbours keep their data."""
    found = path or Path(__file__).parents[3] / "shared" / "data" / "crossed_barrel" / "Crossed_barrel_dataset.csv"
    declaration = TableDeclaration(path=str(found), inputs=_BARREL_INPUTS, output="toughness")
    return Replay(BARREL, Target(property="toughness", direction="maximize", unit="J"), declaration)


Curves = list[tuple[float, ...]]
"""For each seed the share found after 1, 2, … samples."""

KINDS = (("bayesian", 1), ("plain_gp", 1), ("random", 1), ("bayesian", 4))
"""Planner and batch of the runs that are compared."""


def benchmark_replay(seeds: int, barrel_table: Path | None, progress: Progress, processes: int = 2) -> list[Figure]:
    """Measure all figures over `seeds` seeds, in parallel processes of one thread each.

    Args:
        seeds: Number of seeds, counted from 0; fewer than two give no confidence interval.
        barrel_table: Where crossed_barrel's table stands; None looks beside the project. Without it its rows are
            *not run*.
        progress: Told after each run.
        processes: How many runs at a time.

    Raises:
        TableError: If photo_pce10 cannot be read.
    """
    read_replay(PHOTO)
    tables, missing = [PHOTO.name], ""
    try:
        read_replay(barrel(barrel_table))
        tables.append(BARREL)
    except TableError as error:
        missing = f"{error} {SOURCE}"
    runs = [
        Run(table, barrel_table, planner, batch, seed)
        for seed in range(seeds)
        for table in tables
        for planner, batch in KINDS
    ]
    curves = _run_all(runs, progress, processes)
    figures = _figures(PHOTO.name, 5.0, curves)
    if missing:
        return [*figures, not_run(f"{BARREL}: all figures", "as above, 3 times random", missing)]
    return figures + _figures(BARREL, 3.0, curves)


def read_replay(replay: Replay) -> Table:
    """The table of a replay."""
    return read_table(replay.table, locate_table(replay.table, Path()))


def run_replay(run: Run) -> tuple[float, ...]:
    """One campaign on the bench: the share of the best materials found after 1, 2, … samples."""
    replay = PHOTO if run.table == PHOTO.name else barrel(run.path)
    table, ranges = read_replay(replay), replay.table.inputs
    plan = CampaignPlan(
        name=replay.name,
        target=replay.target,
        space=DesignSpace(
            parameters=tuple(Parameter(name=n, lower=ranges[n].lower, upper=ranges[n].upper) for n in table.inputs),
            simplices=(tuple(table.inputs),) if replay.table.simplex else (),
        ),
        budget=Budget(samples=SAMPLES),
        batch=run.batch,
        planner=PlannerChoice(initial=INITIAL),
        measurements=("transmission_trace",),
        seed=run.seed,
        content=table.content,
    )
    planner = PlainGaussianProcess() if run.planner == PlainGaussianProcess.name else make_planner(run.planner, {})
    course = run_bench(plan, tuple(m.inputs for m in table.materials), planner, TableTruth(table))
    return found_share(course, table, replay.target)


def found_share(course: Course, table: Table, target: Target) -> tuple[float, ...]:
    """The share of the best `TOP` of a table's materials among the first 1, 2, … made.

    The number of best materials is rounded up where it is no whole one; of equal materials the first recorded counts.
    """
    n = math.ceil(TOP * len(table.materials))
    best = {m.inputs for m in sorted(table.materials, key=lambda m: -target.sign * m.mean)[:n]}
    hits = itertools.accumulate(point in best for point in course.made)
    return tuple(hit / n for hit in hits)


def _run_all(runs: Sequence[Run], progress: Progress, processes: int) -> dict[tuple[str, str, int], Curves]:
    # Spawned, because a forked torch hangs where its parent had threads.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(run_replay, run) for run in runs]
        for done, _ in enumerate(as_completed(futures), start=1):
            progress(done, len(runs))
    curves: dict[tuple[str, str, int], Curves] = {}
    for run, future in zip(runs, futures, strict=True):
        curves.setdefault((run.table, run.planner, run.batch), []).append(future.result())
    return curves


def _figures(name: str, times: float, curves: dict[tuple[str, str, int], Curves]) -> list[Figure]:
    ours, plain, blind, batches = (curves[name, planner, batch] for planner, batch in KINDS)
    share, baseline, chance = ([curve[-1] for curve in group] for group in (ours, plain, blind))
    gain = [a - b for a, b in zip(share, baseline, strict=True)]
    ratio = mean(share) / mean(chance) if mean(chance) > 0 else math.inf
    area = mean([sum(curve) for curve in batches]) / mean([sum(curve) for curve in ours]) - 1
    interval = confidence(gain)
    shares = f"{spread(share)}; plain GP {spread(baseline)}; random {spread(chance)}"
    return [
        Figure(
            figure=f"{name}: share of the top 5 % within {SAMPLES} samples, less that of a plain GP (paired)",
            target="95 % interval reaches 0 or lies above",
            measured=mean(gain),
            interval=interval,
            verdict=verdict(interval[1] >= 0),
            note=shares,
        ),
        Figure(
            figure=f"{name}: the same share over that of random choice",
            target=f"at least {times:g}",
            measured=min(ratio, sys.float_info.max),
            verdict=verdict(ratio >= times),
        ),
        Figure(
            figure=f"{name}: area under the found share, batches of 4 over one at a time, less 1",
            target="at least -0.25",
            measured=area,
            verdict=verdict(area >= -0.25),
        ),
    ]
