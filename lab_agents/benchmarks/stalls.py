"""`benchmark stalls`: how soon a task that hangs is a ticket, in laboratory time, and how often one is cried in vain.

Every campaign is that of `examples/absorber.yaml` by the agents that would run it, over one log and a clock that jumps;
in one of them some programs last many times as long as they should.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.stalls import Stalls, follow_stalls
from lab_agents.assembly import behaviour_of
from lab_agents.bench.film_campaign import DEMO_SPACE, film_campaign
from lab_agents.bench.floor import BenchFloor
from lab_agents.bench.ring import Performer, Ring
from lab_agents.bench.ring_floor import MemoryBlobs, RingFloor
from lab_agents.bench.stand_in import StandIn
from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import TicketOpened
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import LabOpened
from lab_agents.messages.work import TaskStarted
from lab_agents.records.campaign import Budget
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Task

SAMPLES = 4
"""Films of one campaign, about 80 tasks: one batch, because what a planner computes for the next one costs minutes."""
SHARE = 0.1
"""Of the tasks that hang."""
HANGS = timedelta(hours=4)
"""How much longer: far beyond anything that could be expected of a film's longest step."""
WITHIN = 30.0
"""Seconds of laboratory time beyond the 99th percentile."""
FALSE_ALARMS = 0.01
"""Share of good tasks beyond a 99th percentile that is right."""

Progress = Callable[[int, int], None]


@dataclass
class HangingFloor:
    """A laboratory some of whose tasks hang; `hung` names them."""

    inner: Performer
    seed: int
    share: float
    hung: set[str] = field(default_factory=set)

    def perform(self, task: Task, now: datetime) -> tuple[datetime, JobOutcome]:
        """As the laboratory does it, or hours later; a task that fails does so at once."""
        ends_at, outcome = self.inner.perform(task, now)
        if outcome.ok and random.Random(f"{self.seed}/{task.id}").random() < self.share:
            self.hung.add(task.id)
            ends_at += HANGS
        return ends_at, outcome

    def discard(self, sample: str) -> None:
        """Take it away."""
        self.inner.discard(sample)


@dataclass(frozen=True)
class StallCount:
    """What came of one campaign.

    Attributes:
        beyond: Laboratory seconds from percentile to ticket of each task that hung and became one.
        n_hung: Tasks that hung.
        n_false: Tickets of others.
        n_good: Tasks that did not hang.
    """

    beyond: tuple[float, ...]
    n_hung: int
    n_false: int
    n_good: int


def benchmark_stalls(seeds: int, _table: Path | None, progress: Progress) -> Sequence[Figure]:
    """The rows of stalls.

    Args:
        seeds: Campaigns, each with its own hanging tasks.
        _table: Not used.
        progress: Told after each campaign.
    """
    counts = []
    for seed in range(seeds):
        counts.append(count_stalls(seed))
        progress(seed + 1, seeds)
    return stall_figures(counts)


def count_stalls(seed: int, samples: int = SAMPLES) -> StallCount:
    """Run one campaign and find each stall's ticket."""
    ring, hung = run_hanging(seed, samples)
    beyond, n_false, n_tasks = [], 0, 0
    told = {e.entry.record.ticket.subject: e.entry.at for e in ring.log if isinstance(e.entry.record, TicketOpened)}
    for task, percentile in _percentiles(ring.log):
        n_tasks += 1
        if task in hung and task in told:
            beyond.append((told[task] - percentile).total_seconds())
        elif task in told:
            n_false += 1
    return StallCount(tuple(beyond), len(hung), n_false, n_tasks - len(hung))


def run_hanging(seed: int, samples: int) -> tuple[Ring, set[str]]:
    """A campaign whose tasks hang now and then, over; and the tasks that hung."""
    campaign = film_campaign(DEMO_SPACE).seeded(seed)
    plan = campaign.plan.model_copy(update={"budget": Budget(samples=samples)})
    simulation = campaign.laboratory.simulation
    begins_at = datetime.fromisoformat(simulation.starts_at if simulation else "")
    blobs, floor = MemoryBlobs(), BenchFloor(campaign.laboratory)
    stand_in = StandIn(floor, blobs)
    hanging = HangingFloor(RingFloor(floor, blobs, stand_in.record), seed, SHARE)
    ring = Ring(campaign.laboratory, behaviour_of, hanging, stand_in.compute, begins_at, seed)
    ring.say("bench", StartCampaign(plan=plan, person="bench"), plan.name)
    ring.run()
    return ring, hanging.hung


def _percentiles(log: Sequence[Logged]) -> Iterator[tuple[str, datetime]]:
    """Each task that was begun, and the 99th percentile of its end by what the log had told until then."""
    stalls, lab = Stalls(), _laboratory(log)
    for logged in log:
        stalls = follow_stalls(stalls, logged, lab, "")
        body = logged.entry.record
        if isinstance(body, TaskStarted):
            begun = stalls.running[body.task.id]
            yield body.task.id, begun.begun_at + timedelta(seconds=begun.longest)


def _laboratory(log: Sequence[Logged]) -> Laboratory | None:
    return next((e.entry.record.laboratory for e in log if isinstance(e.entry.record, LabOpened)), None)


def stall_figures(counts: Sequence[StallCount]) -> list[Figure]:
    """Promises and what was measured."""
    beyond = [seconds for one in counts for seconds in one.beyond]
    n_hung, n_false = sum(one.n_hung for one in counts), sum(one.n_false for one in counts)
    n_good = sum(one.n_good for one in counts)
    share = n_false / n_good if n_good else 0.0
    return [
        Figure(
            figure="tasks that hang and become a ticket",
            target="all",
            measured=len(beyond) / n_hung if n_hung else None,
            verdict=verdict(n_hung > 0 and len(beyond) == n_hung),
            note=f"{n_hung} hung, {n_good} did not",
        ),
        Figure(
            figure="laboratory seconds from a task's 99th percentile to its ticket, longest",
            target=f"< {WITHIN:.0f}",
            measured=max(beyond, default=None),
            verdict=verdict(bool(beyond) and max(beyond) < WITHIN),
            note="on the held clock",
        ),
        Figure(
            figure="good tasks that became a ticket all the same",
            target=f"<= {FALSE_ALARMS:g}",
            measured=share,
            verdict=verdict(n_good > 0 and share <= FALSE_ALARMS),
            note=f"{n_false} of {n_good}",
        ),
    ]
