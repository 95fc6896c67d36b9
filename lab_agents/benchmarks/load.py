"""`lab-agents benchmark load`: a thousand works to be awarded, and the steps of fifty instruments to be begun.

Awards: every bidder has bid for every work, and has room for one beside the one under way: the most that a joint award
has to weigh. Process seconds count, so that what else runs on the machine does not. Starts: real processes, in wall
seconds, of a machine that should do nothing else (`dispatch`).
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import WAITING, AwardRule
from lab_agents.agents.contests import Contest, Standing
from lab_agents.agents.offers import Offer
from lab_agents.benchmarks.dispatch import N_INSTRUMENTS, Dispatch, measure_dispatch
from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.benchmarks.processes import percentile
from lab_agents.records.space import Candidate

WORKS, BIDDERS = 1000, 50
LIMIT = 1.0
"""Processor seconds of one planning."""
STARTS, DELAY = 50.0, 0.1
"""Starts per wall second, and wall seconds until one."""
TRIAL = 30.0
"""Wall seconds of each trial of starts."""
FEW = 5
"""Instruments that are busy while the machine has room: what a start takes when it need not queue for a processor."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def benchmark_load(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """The rows: the slowest of `seeds` plannings, and the starts of a laboratory of fifty instruments.

    Args:
        seeds: How many sets of bids.
        table: Not used.
        progress: Told plannings and trials done and planned.
    """
    del table
    seconds, awarded, busy = [], [], (N_INSTRUMENTS, FEW)
    for seed in range(seeds):
        contests = open_works(WORKS, BIDDERS, seed)
        rule = AwardRule(now=NOW, position=1, turns=dict.fromkeys(bidders(BIDDERS), 1))
        begun = time.process_time()
        planned = award_held(contests, contests, WORKS, rule)
        seconds.append(time.process_time() - begun)
        awarded.append(sum(contest.award is not None for contest in planned.values()))
        progress(seed + 1, seeds + len(busy))
    with tempfile.TemporaryDirectory(prefix="lab-agents-load-") as name:
        trials = asyncio.run(
            measure_dispatch(Path(name) / "state", TRIAL, busy, lambda done, n: progress(seeds + done, seeds + n))
        )
    return [planning_figure(seconds, awarded), *dispatch_figures(trials)]


def planning_figure(seconds: Sequence[float], awarded: Sequence[int]) -> Figure:
    """The row of plannings that took so long and awarded so many."""
    is_full = all(n == BIDDERS * (1 + WAITING) for n in awarded)
    return Figure(
        figure=f"processor seconds to plan {WORKS} open works with {BIDDERS} bids each, slowest",
        target=f"< {LIMIT:g}",
        measured=max(seconds),
        verdict=verdict(max(seconds) < LIMIT and is_full),
        note=f"{len(seconds)} plannings, {min(awarded)} to {max(awarded)} works awarded in each",
    )


def dispatch_figures(trials: Sequence[Dispatch]) -> list[Figure]:
    """The rows of starts: how many in a second where every instrument is busy, and how soon, in every trial."""
    full, rows = trials[0], []
    load = os.getloadavg()[0]
    rows.append(
        Figure(
            figure=f"step starts per second, sustained, with {full.n_busy} instruments",
            target=f">= {STARTS:g}",
            measured=full.rate,
            verdict=verdict(full.rate >= STARTS and full.n_failed == 0),
            note=f"{len(full.starts)} starts, {full.n_failed} failed; {_cost(full)}; machine's load {load:.0f}",
        )
    )
    for trial in trials:
        p99 = percentile(trial.delays, 99) if trial.delays else None
        rows.append(
            Figure(
                figure=f"seconds from what makes a step ready to its start, p99, {trial.n_busy} instruments busy",
                target=f"< {DELAY:g}",
                measured=p99,
                verdict=verdict(p99 is not None and p99 < DELAY),
                note=f"p50 {percentile(trial.delays, 50):.3f}; {_cost(trial)}" if trial.delays else "nothing began",
            )
        )
    return rows


def _cost(trial: Dispatch) -> str:
    """Processor time of a start, by the processes that use most of it."""
    n = max(1, len(trial.starts))
    most = sorted(trial.seconds.items(), key=lambda item: -item[1])[:4]
    parts = ", ".join(f"{name} {1e3 * used / n:.0f}" for name, used in most)
    return f"{1e3 * sum(trial.seconds.values()) / n:.0f} ms of processor time for each start ({parts}, ...)"


def bidders(n: int) -> tuple[str, ...]:
    """Names of `n` bidders."""
    return tuple(f"line_{i}" for i in range(n))


def open_works(n: int, n_bidders: int, seed: int) -> dict[str, Contest]:
    """`n` held works for which every one of `n_bidders` has bid, in times and with costs of its own."""
    draw = random.Random(f"load {seed}")
    return {work: _held(work, n_bidders, draw) for work in (f"make-{i:04d}" for i in range(n))}


def _held(work: str, n_bidders: int, draw: random.Random) -> Contest:
    offer = Offer(
        work=work,
        kind="make",
        campaign="load",
        sample=work,
        asked=Candidate(values={"x": 1.0}),
        value=draw.uniform(0.1, 2.0),
        since=1,
    )
    bids = {
        name: Standing(
            position=2 + i,
            start_at=NOW,
            end_at=NOW + timedelta(seconds=draw.uniform(600, 7200)),
            chance=draw.uniform(0.8, 1.0),
            cost=draw.uniform(0.0, 0.1),
            valid_until=NOW + timedelta(days=1),
        )
        for i, name in enumerate(bidders(n_bidders))
    }
    return Contest(offer=offer, asked=tuple(bids), phase="held", bids=bids)
