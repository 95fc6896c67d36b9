"""What the log says, gathered in one pass: acts ordered, outcomes, samples, measurements, observations, models."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from lab_agents.errors import MessageError
from lab_agents.messages import course, life, work
from lab_agents.messages.entry import Entry, read_entry
from lab_agents.messages.frames import Seal
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import Proposal
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.records.sample import Sample

Fate = Literal["in flight", "done", "unknown", "failed"]
"""What the log says became of an act; `failed` also for acts that a failed task never reached."""


@dataclass
class Ordered:
    """One act that a task planned, and what the log says became of it."""

    token: str
    task: Task
    number: int
    position: int
    fate: Fate = "in flight"

    @property
    def act(self) -> Act:
        """What was ordered."""
        return self.task.acts[self.number]


@dataclass(frozen=True)
class Run:
    """One Bluesky run: the position that names it, the blob of its documents, the token of its act if it is known."""

    position: int
    documents: str
    token: str | None


@dataclass(frozen=True)
class Taken:
    """One measurement, with its entry's position and campaign."""

    position: int
    measurement: Measurement
    campaign: str | None


@dataclass
class Evidence:
    """Everything in the log that the checks look at, by id; values begin with the position of the entry.

    `tokens` are those of each task, `undocumented` acts that ended well without a run's documents,
    `blobs` maps each address to the first position that names it.
    """

    laboratory: life.LabOpened | life.LabChanged | None = None
    versions: set[str] = field(default_factory=set)
    open_campaigns: set[str] = field(default_factory=set)
    ordered: dict[str, Ordered] = field(default_factory=dict)
    tokens: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    clashes: list[tuple[int, str]] = field(default_factory=list)
    results: dict[str, tuple[int, ActResult]] = field(default_factory=dict)
    bids: dict[int, work.BidMade] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    awards: dict[tuple[str, int], tuple[int, course.WorkAwarded]] = field(default_factory=dict)
    proposals: dict[str, tuple[int, Proposal]] = field(default_factory=dict)
    samples: dict[str, list[tuple[int, Sample]]] = field(default_factory=lambda: defaultdict(list))
    measurements: dict[str, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    observations: list[tuple[int, Observation]] = field(default_factory=list)
    retracted: set[tuple[str, str]] = field(default_factory=set)
    models: dict[str, int] = field(default_factory=dict)
    causes: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    blobs: dict[str, int] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    undocumented: list[tuple[int, str]] = field(default_factory=list)


def gather(sealed: Iterable[tuple[Seal, bytes]]) -> Evidence:
    """Read the whole log. Entries that cannot be read are left out: the check of the chain names them."""
    evidence = Evidence()
    for seal, data in sealed:
        try:
            entry = read_entry(data, stored=True)
        except MessageError:
            continue
        if entry.cause is not None:
            evidence.causes[entry.cause].add(seal.source)
        _take_life(evidence, seal.position, entry)
        _take_planning(evidence, seal.position, entry)
        _take_motion(evidence, seal.position, entry)
        _take_results(evidence, seal.position, entry)
    return evidence


def _take_life(evidence: Evidence, position: int, entry: Entry) -> None:
    match entry.record:
        case life.LabOpened() | life.LabChanged() as lab:
            evidence.laboratory = lab
            evidence.versions.add(lab.version)
            _name_blob(evidence, position, lab.file)
        case life.AgentStarted(version=version):
            evidence.versions.add(version)
        case life.EntryRefused(raw=raw):
            _name_blob(evidence, position, raw)
        case course.CampaignStarted(plan=plan):
            evidence.open_campaigns.add(entry.campaign or plan.name)
            _name_blob(evidence, position, plan.space.pool)
        case course.CampaignFinished():
            evidence.open_campaigns.discard(entry.campaign or "")


def _take_planning(evidence: Evidence, position: int, entry: Entry) -> None:
    match entry.record:
        case course.ProposalMade(proposal=proposal):
            for candidate in proposal.candidates:
                evidence.proposals.setdefault(candidate.sample, (position, proposal))
            _name_blob(evidence, position, proposal.inputs)
            _name_blob(evidence, position, proposal.model)
        case work.BidMade() as bid:
            evidence.bids[position] = bid
        case course.WorkAwarded() as award:
            evidence.awards[award.work, award.round] = (position, award)
        case work.AwardAccepted(work=piece, round=number):
            evidence.accepted.setdefault(piece, number)


def _take_motion(evidence: Evidence, position: int, entry: Entry) -> None:
    match entry.record:
        case work.TaskStarted(task=task):
            for number in range(len(task.acts)):
                _order(evidence, position, task, number)
        case work.TaskDone(results=results):
            _take_act_results(evidence, position, results)
        case work.TaskFailed(task=name, results=results, unknown=unknown):
            for token in evidence.tokens[name]:
                if evidence.ordered[token].fate == "in flight":
                    evidence.ordered[token].fate = "unknown" if token in unknown else "failed"
            _take_act_results(evidence, position, results)


def _order(evidence: Evidence, position: int, task: Task, number: int) -> None:
    token = task.token(number)
    evidence.tokens[task.id].add(token)
    earlier = evidence.ordered.get(token)
    if earlier is not None and earlier.act != task.acts[number]:
        evidence.clashes.append((position, token))
    if earlier is None or earlier.fate != "done":
        evidence.ordered[token] = Ordered(token, task, number, position)


def _take_act_results(evidence: Evidence, position: int, results: Iterable[ActResult]) -> None:
    for result in results:
        evidence.results[result.token] = (position, result)
        if result.token in evidence.ordered:
            evidence.ordered[result.token].fate = "done"
        for address in result.blobs.values():
            _name_blob(evidence, position, address)
        if "documents" in result.blobs:
            evidence.runs[result.run] = Run(position, result.blobs["documents"], result.token)
        else:
            evidence.undocumented.append((position, result.token))


def _take_results(evidence: Evidence, position: int, entry: Entry) -> None:
    match entry.record:
        case work.SampleMade(sample=sample):
            evidence.samples[sample.id].append((position, sample))
        case work.MeasurementTaken(measurement=taken):
            evidence.measurements[taken.id].append(Taken(position, taken, entry.campaign))
            for address in (taken.raw, taken.documents):
                _name_blob(evidence, position, address)
            evidence.runs.setdefault(taken.run, Run(position, taken.documents, None))
        case course.ObservationMade(observation=seen):
            evidence.observations.append((position, seen))
            _name_blob(evidence, position, seen.raw)
        case course.ObservationRetracted(sample=name, measurement=measurement):
            evidence.retracted.add((name, measurement))
        case course.ModelTrained(model=model):
            evidence.models.setdefault(model.checkpoint, position)
            _name_blob(evidence, position, model.checkpoint)


def _name_blob(evidence: Evidence, position: int, address: str | None) -> None:
    if address is not None:
        evidence.blobs.setdefault(address, position)
