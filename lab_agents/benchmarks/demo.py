"""`lab-agents benchmark demo`: the demonstration through all its processes, as a person would run it."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from lab_agents.audit import audit
from lab_agents.auditing.report import AuditReport
from lab_agents.bench.film_campaign import DEMO_SPACE, film_campaign, run_film_campaign
from lab_agents.bench.made_truth import true_films
from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.benchmarks.quiet_day import Day, QuietDay
from lab_agents.messages.course import ProposalMade
from lab_agents.shipped import find_example
from lab_agents.store.reader import StoreReader
from simulators.world.truth import regret

SECONDS = 300.0
"""Wall seconds that the demonstration may take, on two cores, installation not counted."""
MEMORY = 2e9
"""Bytes that all its processes may take together (PSS)."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Demonstration:
    """One campaign through the processes. `regret` is by true values, None where nothing was made."""

    day: Day
    audited: AuditReport
    n_samples: int
    regret: float | None


def benchmark_demo(seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of one demonstration, and of as many campaigns on the bench to compare its regret with.

    Args:
        seeds: Of the campaigns on the bench, from 0 on.
        table: Not used.
        progress: Told campaigns done and planned.
    """
    del table
    with tempfile.TemporaryDirectory(prefix="lab-agents-demo-") as name:
        shown = _demonstrate(Path(name))
        progress(1, seeds + 1)
        best = film_campaign(DEMO_SPACE).best(Path(name))
    return demo_figures(shown, _regrets_on_the_bench(seeds, best, progress))


def _demonstrate(folder: Path) -> Demonstration:
    campaign, state = film_campaign(DEMO_SPACE), folder / "state"
    day = asyncio.run(QuietDay(find_example("absorber.yaml"), state).run())
    with StoreReader(state / "store.sqlite") as store:
        bodies = [logged.entry.record for logged in store.entries(("ProposalMade",))]
    samples = [c.sample for body in bodies if isinstance(body, ProposalMade) for c in body.proposal.candidates]
    true = true_films(campaign, state / "simulator", samples)
    left = regret(list(true.values()), campaign.plan.target, campaign.best(folder)) if true else None
    return Demonstration(day, audit(state), len(samples), left)


def _regrets_on_the_bench(seeds: int, best: float, progress: Progress) -> list[float]:
    # Spawned, because a forked torch hangs where its parent had threads.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(_regret_on_the_bench, seed, best) for seed in range(seeds)]
        for done, _ in enumerate(as_completed(runs), start=2):
            progress(done, seeds + 1)
        return [run.result() for run in runs]


def _regret_on_the_bench(seed: int, best: float) -> float:
    campaign = film_campaign(DEMO_SPACE)
    return run_film_campaign(campaign, campaign.plan.planner.name, seed, best).regret


def demo_figures(shown: Demonstration, bench: Sequence[float]) -> list[Figure]:
    """The rows.

    Args:
        shown: The demonstration.
        bench: Regrets of the same campaign on the bench, one for each seed.
    """
    day, audited = shown.day, shown.audited
    return [
        Figure(
            figure="wall seconds of the demonstration",
            target=f"< {SECONDS:.0f}",
            measured=day.seconds,
            verdict=verdict(day.code == 0 and day.seconds < SECONDS),
            note=f"exit code {day.code}, {shown.n_samples} samples, {day.actuations} actuations",
        ),
        Figure(
            figure="memory of all processes, MB (PSS)",
            target=f"< {MEMORY / 1e6:.0f}",
            measured=day.total_memory / 1e6,
            verdict=verdict(0 < day.total_memory < MEMORY),
            note=", ".join(f"{name} {size / 1e6:.0f}" for name, size in sorted(day.memory.items())),
        ),
        _regret(shown, bench),
        Figure(
            figure="findings of its audit",
            target="0",
            measured=float(sum(len(check.findings) for check in audited.checks)),
            verdict=verdict(audited.agrees),
            note=f"{audited.n_moved} actuations in the ledger, {audited.n_unknown} unknown",
        ),
    ]


def _regret(shown: Demonstration, bench: Sequence[float]) -> Figure:
    figure, target = "regret after all samples by true values", "within the bench's range"
    if shown.regret is None or not bench:
        return not_run(figure, target, "nothing was made" if shown.regret is None else "no seeds were asked for")
    return Figure(
        figure=figure,
        target=f"at most {max(bench):.3f}, the largest on the bench",
        measured=shown.regret,
        verdict=verdict(shown.regret <= max(bench)),
        note=f"{len(bench)} campaigns on the bench: {min(bench):.3f} to {max(bench):.3f}",
    )
