"""The account of one campaign: what its entries in the log say, sample by sample."""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab_agents.messages import course, life, work
from lab_agents.messages.frames import Logged
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.recipe import ActResult, Task
from lab_agents.records.sample import Sample
from lab_agents.records.ticket import Ticket
from lab_agents.report.approvals import AwaitedApprovals
from lab_agents.report.sample_account import SampleAccount

_NO_CHANCE = 1e-3
"""Chances below this say no more than that a constraint is missed by far."""


@dataclass
class Span:
    """One act on one instrument, in laboratory time; `ended_at` is None while it runs."""

    instrument: str
    plan: str
    owner: str
    sample: str
    started_at: datetime
    ended_at: datetime | None
    ok: bool = True


@dataclass
class TicketAccount:
    """One ticket with its answer."""

    ticket: Ticket
    opened_at: datetime
    answer: str = ""
    person: str = ""


@dataclass
class CheckAccount:
    """A thing that is no candidate, measured to see whether instruments can be trusted: a blank, standard, control."""

    id: str
    kind: str
    sample: Sample | None = None
    measurements: list[Measurement] = field(default_factory=list)
    observations: list[tuple[datetime, Observation]] = field(default_factory=list)


@dataclass
class Account:
    """One campaign as the log tells it.

    `observed` holds samples in the order in which they were concluded, `checks` what was measured beside candidates,
    `verdicts` what control films said, each with its instant, `misled` the measurements, retracted since, that the
    planner knew when it made a proposal, by the proposal's number.
    """

    laboratory: Laboratory | None = None
    lab_version: str = ""
    plan: CampaignPlan | None = None
    person: str = ""
    started_at: datetime | None = None
    wall_started_at: datetime | None = None
    last_at: datetime | None = None
    wall_last_at: datetime | None = None
    closing: str = ""
    is_early: bool = True
    finished: course.CampaignFinished | None = None
    granted: int = 0
    samples: MutableMapping[str, SampleAccount] = field(default_factory=dict)
    observed: list[str] = field(default_factory=list)
    checks: dict[str, CheckAccount] = field(default_factory=dict)
    verdicts: list[tuple[datetime, course.ControlJudged]] = field(default_factory=list)
    misled: dict[int, list[str]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    models: list[tuple[int, TrainedModel]] = field(default_factory=list)
    tickets: dict[str, TicketAccount] = field(default_factory=dict)
    approvals: AwaitedApprovals = field(default_factory=AwaitedApprovals)
    troubles: list[tuple[int, str, life.TroubleMet]] = field(default_factory=list)
    failures: list[tuple[int, work.TaskFailed]] = field(default_factory=list)
    births: dict[str, int] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)
    stops: list[course.StopRecorded] = field(default_factory=list)
    n_entries: int = 0

    @property
    def n_retracted(self) -> int:
        """Samples of which a conclusion no longer counts, and was not made anew."""
        return sum(bool(s.retracted) for s in self.samples.values())

    @property
    def drifts(self) -> list[course.ControlJudged]:
        """Verdicts on controls that were out of control."""
        return [verdict for _, verdict in self.verdicts if verdict.rule]

    @property
    def is_complete(self) -> bool:
        """Whether the campaign has finished."""
        return self.finished is not None

    @property
    def lab_time(self) -> timedelta:
        """Laboratory time from the campaign's start to its last entry."""
        return _between(self.started_at, self.last_at)

    @property
    def wall_time(self) -> timedelta:
        """Wall time from the campaign's start to its last entry."""
        return _between(self.wall_started_at, self.wall_last_at)

    def observed_samples(self) -> list[SampleAccount]:
        """Samples with an observation that counts, in the order in which they were concluded."""
        return [s for name in self.observed if (s := self.samples[name]).is_observed]

    def concluded_samples(self) -> list[SampleAccount]:
        """Observed samples whose last measurement was analysed."""
        last = len(self.plan.measurements) - 1 if self.plan is not None else 0
        return [s for s in self.observed_samples() if last in s.steps]

    def hits(self) -> list[SampleAccount]:
        """Samples that meet every constraint with the target's confidence; without constraints, all observed ones."""
        return [s for s in self.observed_samples() if s.is_hit]

    def best(self, n: int = 1) -> list[SampleAccount]:
        """The hits with the best objective, the best first."""
        return sorted(self.hits(), key=_rank_of)[:n]

    def leading(self, n: int = 1) -> list[SampleAccount]:
        """The best, and where there are fewer than `n`, those that come nearest: with the highest chances."""
        return sorted((s for s in self.observed_samples() if s.objective is not None), key=_rank_of)[:n]


def value_of(sample: SampleAccount) -> float:
    """The objective of a sample that has one."""
    if sample.objective is None:
        raise ValueError(f"{sample.id} has no value of {sample.target.property}")
    return sample.objective.value


Rank = tuple[float, float, float, float]


def rank(sample: SampleAccount) -> Rank | None:
    """Sorts samples, the best first; None without an objective that was read.

    Hits come by their objective. What is none follows by its chance, and where there is none to speak of, by what is
    met and what was read.
    """
    if not sample.is_observed or sample.objective is None:
        return None
    if sample.is_hit:
        return 0.0, -sample.target.sign * sample.objective.value, 0.0, 0.0
    chance = sample.chance if sample.chance > _NO_CHANCE else 0.0
    return 1.0, -chance, -sample.n_met, len(sample.missing)


def _rank_of(sample: SampleAccount) -> Rank:
    found = rank(sample)
    if found is None:
        raise ValueError(f"{sample.id} has no value of {sample.target.property}")
    return found


def campaigns_in(entries: Iterable[Logged]) -> dict[str, tuple[int, int | None]]:
    """Each campaign's name with the positions of its start and (None while it runs) its end, in order."""
    found: dict[str, tuple[int, int | None]] = {}
    for logged in entries:
        body = logged.entry.record
        if isinstance(body, course.CampaignStarted):
            found.pop(body.plan.name, None)
            found[body.plan.name] = (logged.position, None)
        elif isinstance(body, course.CampaignFinished):
            name = logged.entry.campaign or logged.entry.subject
            if name in found:
                found[name] = (found[name][0], logged.position)
    return found


def _between(start: datetime | None, end: datetime | None) -> timedelta:
    return end - start if start is not None and end is not None else timedelta()


def spans_of(task: Task, results: Iterable[ActResult]) -> list[Span]:
    """The acts of a task that have a result, each on its instrument."""
    return [
        Span(task.acts[r.act].instrument, task.acts[r.act].plan, task.owner, task.sample, r.started_at, r.ended_at)
        for r in results
        if r.act < len(task.acts)
    ]
