"""`lab-agents benchmark failures`: what comes of a campaign in which one task in five fails.

Everything is real: the processes, the broker, the simulated laboratory on its protocols. Each of its controllers
refuses one start in five, and now and then the robot drops a film. What is physically spoiled is told by the
laboratory's own ledger; whether the rest was completed, and without a person, by the log.
"""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.auditing.ledger import Ledger, read_ledger
from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.benchmarks.kills import BadNight, end_left
from lab_agents.chaos.scorecard import HELP, Tally, records, tally
from lab_agents.chaos.twin import to_file, twin_of
from lab_agents.declarations import read_declaration
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.work import SampleQuarantined, TaskFailed, TaskStarted
from lab_agents.shipped import find_example

FILMS, BATCH = 12, 6
"""Of one campaign: about 200 tasks, and siblings in each batch for those that are lost."""
REFUSED = 0.2
"""Share of starts that a controller refuses."""
DROPPED = 0.004
"""Share of moves in which the robot drops a film, which moves some fifteen times: one film in sixteen."""
HEALTHY = 0.95
PATIENCE = 1800.0
"""Wall seconds in which a campaign must end."""
SPOILING = frozenset({"drop"})
"""Actions of the ledger that spoil a film for good."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FailingCampaign:
    """What came of one campaign.

    Attributes:
        is_complete: Whether it ended by itself and left no process.
        agrees: Whether log, ledger, raw data and documents agree, and nothing was lost or done twice.
        n_tasks: Tasks that were started, each attempt counted.
        n_failed: Of these, those that failed.
        samples: Those that were begun.
        spoiled: Of these, those that were physically spoiled.
        completed: Of these, those that were measured and concluded to the end and not given up.
        helped: Of these, those of which a person had to say something.
    """

    is_complete: bool
    agrees: bool
    n_tasks: int
    n_failed: int
    samples: frozenset[str]
    spoiled: frozenset[str]
    completed: frozenset[str]
    helped: frozenset[str]

    @property
    def healthy(self) -> frozenset[str]:
        """What nothing physical befell."""
        return self.samples - self.spoiled

    @property
    def good(self) -> frozenset[str]:
        """Healthy samples that were completed without a person."""
        return (self.healthy & self.completed) - self.helped


def benchmark_failures(seeds: int, table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of failing tasks.

    Args:
        seeds: Campaigns, each with its own failures.
        table: Not used.
        progress: Told after each campaign.
    """
    del table
    campaigns = []
    with tempfile.TemporaryDirectory(prefix="lab-agents-failures-") as name:
        for seed in range(seeds):
            campaigns.append(asyncio.run(run_failing(Path(name) / f"{seed}", seed)))
            progress(seed + 1, seeds)
    return failure_figures(campaigns)


async def run_failing(folder: Path, seed: int, films: int = FILMS) -> FailingCampaign:
    """Run one campaign in a folder that does not exist yet, and count."""
    campaign, state = await asyncio.to_thread(write_failing, folder, seed, films), folder / "state"
    night = BadNight(campaign, state, (), seed, wishes=("--no-report",), patience=PATIENCE)
    try:
        done = await night.run()
    finally:
        await asyncio.to_thread(end_left, state)
    counted = await asyncio.to_thread(tally, state)
    ledger = await asyncio.to_thread(read_ledger, state / "simulator" / "ledger.jsonl")
    return count(counted, ledger or Ledger(), has_ended=done.code == 0 and not done.left)


def write_failing(folder: Path, seed: int, films: int) -> Path:
    """Write the campaign of `examples/absorber.yaml` in a laboratory that fails; films are spread over the space."""
    laboratory = read_laboratory(find_laboratory("thin_film", Path()))
    if laboratory.simulation is None:
        raise ValueError("the shipped thin-film laboratory is simulated")
    simulation = laboratory.simulation.model_copy(update={"seed": seed})
    failing = twin_of(
        laboratory.model_copy(update={"simulation": simulation}), {"refusal_rate": REFUSED, "drop_rate": DROPPED}
    )
    folder.mkdir(parents=True)
    lab, path = folder / "lab.yaml", folder / "campaign.yaml"
    lab.write_bytes(to_file(failing))
    declared = {**read_declaration(find_example("absorber.yaml")).data, "lab": str(lab), "seed": seed, "batch": BATCH}
    declared |= {"budget": {"samples": films}, "planner": {"name": "space_filling", "initial": 1}}
    # Control films come beside the budget, so that it would not be known how many samples there are to complete.
    declared.pop("controls")
    path.write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def count(counted: Tally, ledger: Ledger, *, has_ended: bool) -> FailingCampaign:
    """What came of a campaign, by its log and by the ledger of its laboratory."""
    started = list(records(counted.entries, TaskStarted))
    samples = frozenset(sample.id for sample in counted.begun)
    plan = counted.account.plan
    last = len(plan.measurements) - 1 if plan is not None else 0
    given_up = {r.sample for r in records(counted.entries, SampleQuarantined)}
    by_token = {token: begun.task.sample for begun in started for token in begun.task.tokens}
    spoiled = {by_token.get(act.token, "") for act in ledger.acts if act.action in SPOILING}
    return FailingCampaign(
        is_complete=has_ended and counted.account.is_complete,
        agrees=counted.agrees and not counted.lost and not counted.repeated,
        n_tasks=len(started),
        n_failed=sum(1 for _ in records(counted.entries, TaskFailed)),
        samples=samples,
        spoiled=samples & spoiled,
        completed=frozenset(s.id for s in counted.begun if last in s.steps and s.is_observed) - given_up,
        helped=samples & _helped(counted),
    )


def _helped(counted: Tally) -> frozenset[str]:
    """The subjects of what a person had to decide, and of tickets that were closed for want of one."""
    decided = (*HELP, TicketClosed)
    return frozenset(e.entry.subject for e in counted.entries if isinstance(e.entry.record, decided))


def failure_figures(campaigns: Sequence[FailingCampaign]) -> list[Figure]:
    """Promises and what was measured."""
    n_tasks, n_failed = sum(c.n_tasks for c in campaigns), sum(c.n_failed for c in campaigns)
    n_healthy, n_good = sum(len(c.healthy) for c in campaigns), sum(len(c.good) for c in campaigns)
    n_samples, n_spoiled = sum(len(c.samples) for c in campaigns), sum(len(c.spoiled) for c in campaigns)
    ended, agreed = [c.is_complete for c in campaigns], [c.agrees for c in campaigns]
    failing = n_failed / n_tasks if n_tasks else 0.0
    share = n_good / n_healthy if n_healthy else 0.0
    lost = sorted(sample for c in campaigns for sample in c.healthy - c.good)
    return [
        Figure(
            figure="share of task starts that failed",
            target="printed",
            measured=failing,
            verdict="passed",
            note=f"{n_failed} of {n_tasks}; {REFUSED:g} of all starts are refused",
        ),
        Figure(
            figure="campaigns with failing tasks that complete, and leave no process",
            target="all",
            measured=sum(ended) / max(1, len(ended)),
            verdict=verdict(bool(ended) and all(ended)),
            note=f"{len(ended)} campaigns of {n_samples} samples together",
        ),
        Figure(
            figure="of these, audited clean: nothing lost, nothing done twice",
            target="all",
            measured=sum(agreed) / max(1, len(agreed)),
            verdict=verdict(bool(agreed) and all(agreed)),
        ),
        Figure(
            figure="healthy samples completed without a person",
            target=f">= {HEALTHY:g}",
            measured=share,
            verdict=verdict(n_healthy > 0 and share >= HEALTHY),
            note=f"{n_good} of {n_healthy}; {n_spoiled} more were dropped"
            + (f"; not completed: {', '.join(lost[:5])}" if lost else ""),
        ),
    ]
