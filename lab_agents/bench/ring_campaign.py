"""Whole absorber campaigns by the agents themselves, in laboratory time, and what came of them hour by hour."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from lab_agents.agents.behaviour import AnyBehaviour
from lab_agents.bench.film_campaign import FilmCampaign
from lab_agents.bench.floor import BenchFloor
from lab_agents.bench.ring import Ring
from lab_agents.bench.ring_floor import MemoryBlobs, RingFloor
from lab_agents.bench.stand_in import StandIn
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import MeasurementConcluded, ProposalMade
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import TaskDone, TaskStarted
from simulators.world.truth import utility

HOUR = 3600.0


@dataclass(frozen=True)
class Operation:
    """One act on one instrument for one sample, in seconds since the campaign's first entry."""

    sample: str
    instrument: str
    begin: float
    end: float


@dataclass(frozen=True)
class RingOutcome:
    """One campaign; plain values, because it crosses to another process.

    Attributes:
        seed: Of the campaign.
        hours: Laboratory hours until its last sample was done with.
        n_begun: Samples whose candidates were proposed.
        n_measured: Of these, samples whose last measurement was concluded.
        makespan: Hours from proposals until all their samples were done with, summed over the batches.
        bound: The least that any order of the same acts could have taken, summed likewise.
        bottleneck: The instrument that bounded most batches.
        utilities: Hour at which a sample was done with, and its utility by true values.
    """

    seed: int
    hours: float
    n_begun: int
    n_measured: int
    makespan: float
    bound: float
    bottleneck: str
    utilities: tuple[tuple[float, float], ...]

    @property
    def rate(self) -> float:
        """Samples made and measured per laboratory hour."""
        return self.n_measured / self.hours

    def mean_regret(self, best: float, horizon: float) -> float:
        """The regret that each of the first `horizon` hours stood at, on average; `best` is the world's utility."""
        events = sorted((hour, value) for hour, value in self.utilities if hour < horizon)
        reached = list(accumulate((value for _, value in events), max, initial=0.0))
        edges = [0.0, *(hour for hour, _ in events), horizon]
        steps = zip(edges, edges[1:], reached, strict=False)
        return sum((end - begin) * (best - value) for begin, end, value in steps) / horizon


def run_ring_campaign(campaign: FilmCampaign, behaviour_of: Callable[..., AnyBehaviour]) -> RingOutcome:
    """Run a campaign with all its agents, its conclusions drawn by the stand-in.

    Args:
        campaign: What is wanted and where, with its seed.
        behaviour_of: The rules of an agent, by its name and laboratory.
    """
    simulation = campaign.laboratory.simulation
    begins_at = datetime.fromisoformat(simulation.starts_at if simulation else "")
    blobs, floor = MemoryBlobs(), BenchFloor(campaign.laboratory)
    stand_in = StandIn(floor, blobs)
    performer = RingFloor(floor, blobs, stand_in.record)
    ring = Ring(campaign.laboratory, behaviour_of, performer, stand_in.compute, begins_at, campaign.plan.seed)
    ring.say("bench", StartCampaign(plan=campaign.plan, person="bench"), campaign.plan.name)
    ring.run()
    target, done = campaign.plan.target, _done(ring.log, len(campaign.plan.measurements), begins_at)
    truths = {sample: stand_in.truth(performer.films[sample]) for sample in done}
    utilities = tuple(
        (hour / HOUR, 0.0 if (true := truths[sample]) is None else utility(true, target))
        for sample, hour in done.items()
    )
    return _judge(ring.log, begins_at, campaign.plan.seed, utilities)


def _judge(
    log: Sequence[Logged], begins_at: datetime, seed: int, utilities: tuple[tuple[float, float], ...]
) -> RingOutcome:
    operations = read_operations(log, begins_at)
    batches = [
        ((entry.entry.at - begins_at).total_seconds(), {c.sample for c in entry.entry.record.proposal.candidates})
        for entry in log
        if isinstance(entry.entry.record, ProposalMade)
    ]
    makespan, bounds = 0.0, defaultdict[str, float](float)
    for begin, samples in batches:
        mine = [operation for operation in operations if operation.sample in samples]
        makespan += max(operation.end for operation in mine) - begin
        instrument, bound = lower_bound(mine)
        bounds[instrument] += bound
    return RingOutcome(
        seed=seed,
        hours=max(operation.end for operation in operations) / HOUR,
        n_begun=sum(len(samples) for _, samples in batches),
        n_measured=len(utilities),
        makespan=makespan / HOUR,
        bound=sum(bounds.values()) / HOUR,
        bottleneck=max(bounds, key=lambda instrument: bounds[instrument]),
        utilities=utilities,
    )


def _done(log: Sequence[Logged], n_steps: int, begins_at: datetime) -> Mapping[str, float]:
    """Samples whose last measurement was concluded, and when."""
    return {
        entry.entry.record.sample: (entry.entry.at - begins_at).total_seconds()
        for entry in log
        if isinstance(entry.entry.record, MeasurementConcluded) and entry.entry.record.step + 1 == n_steps
    }


def read_operations(log: Sequence[Logged], begins_at: datetime) -> list[Operation]:
    """What every instrument did for whom, in the order of the beginnings."""
    acts, operations = {}, []
    for entry in log:
        body = entry.entry.record
        if isinstance(body, TaskStarted):
            acts[body.task.id] = body.task.acts
        elif isinstance(body, TaskDone):
            for result in body.results:
                begin, end = ((at - begins_at).total_seconds() for at in (result.started_at, result.ended_at))
                operations.append(Operation(body.sample, acts[body.task][result.act].instrument, begin, end))
    return sorted(operations, key=lambda operation: (operation.begin, operation.sample))


def lower_bound(operations: Sequence[Operation]) -> tuple[str, float]:
    """The instrument that bounds how soon all these operations can be done, and by how much (s).

    An instrument does one thing at a time; before its first and after its last operation stands at least what is
    shortest there [Carlier1982]. It is the bound of the same acts on the same instruments in any order.

    [Carlier1982] Carlier, Eur. J. Oper. Res. 11, 42.
    """
    by_sample, by_instrument = defaultdict[str, list[Operation]](list), defaultdict[str, list[Operation]](list)
    for operation in operations:
        by_sample[operation.sample].append(operation)
        by_instrument[operation.instrument].append(operation)
    bounds = {}
    for instrument, mine in by_instrument.items():
        heads = [_length(o for o in by_sample[m.sample] if o.begin < m.begin) for m in mine]
        tails = [_length(o for o in by_sample[m.sample] if o.begin > m.begin) for m in mine]
        bounds[instrument] = min(heads) + _length(mine) + min(tails)
    worst = max(sorted(bounds), key=lambda instrument: bounds[instrument])
    return worst, bounds[worst]


def _length(operations: Iterable[Operation]) -> float:
    return sum(operation.end - operation.begin for operation in operations)
