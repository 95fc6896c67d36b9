"""`lab-agents benchmark load`: how soon a thousand open works are awarded among fifty bidders.

Every bidder has bid for every work, and has room for one beside the one under way: the most that a joint award has to
weigh. Process seconds count, so that what else runs on the machine does not.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import WAITING, AwardRule
from lab_agents.agents.contests import Contest, Standing
from lab_agents.agents.offers import Offer
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.records.space import Candidate

WORKS, BIDDERS = 1000, 50
LIMIT = 1.0
"""Processor seconds of one planning."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def benchmark_load(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """The rows: the slowest of `seeds` plannings, and what is not measured.

    Args:
        seeds: How many sets of bids.
        table: Not used.
        progress: Told plannings done and planned.
    """
    del table
    seconds, awarded = [], []
    for seed in range(seeds):
        contests = open_works(WORKS, BIDDERS, seed)
        rule = AwardRule(now=NOW, position=1, turns=dict.fromkeys(bidders(BIDDERS), 1))
        begun = time.process_time()
        planned = award_held(contests, contests, WORKS, rule)
        seconds.append(time.process_time() - begun)
        awarded.append(sum(contest.award is not None for contest in planned.values()))
        progress(seed + 1, seeds)
    return load_figures(seconds, awarded)


def load_figures(seconds: Sequence[float], awarded: Sequence[int]) -> list[Figure]:
    """The rows of plannings that took so long and awarded so many."""
    is_full = all(n == BIDDERS * (1 + WAITING) for n in awarded)
    reason = "nobody has yet driven fifty instruments by as many agents on two cores"
    return [
        Figure(
            figure=f"processor seconds to plan {WORKS} open works with {BIDDERS} bids each, slowest",
            target=f"< {LIMIT:g}",
            measured=max(seconds),
            verdict=verdict(max(seconds) < LIMIT and is_full),
            note=f"{len(seconds)} plannings, {min(awarded)} to {max(awarded)} works awarded in each",
        ),
        not_run("step starts per second, sustained, with 50 instruments", ">= 50", reason),
        not_run("seconds from an award to the start of its first step, p99", "< 0.1", reason),
    ]


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
