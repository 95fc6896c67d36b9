"""The account of one campaign: what its entries in the log say, sample by sample."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lab_agents.messages import course, life, work
from lab_agents.messages.frames import Logged
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.recipe import ActResult, Task
from lab_agents.records.sample import Sample
from lab_agents.records.ticket import Ticket


@dataclass
class SampleAccount:
    """All that the log says of one sample, with the positions of the entries that say it."""

    proposed: ProposedCandidate
    batch: int
    planner: str
    model: str | None
    positions: dict[str, int]
    bids: list[work.BidMade] = field(default_factory=list)
    refusals: list[work.BidRefused] = field(default_factory=list)
    awards: list[course.WorkAwarded] = field(default_factory=list)
    sample: Sample | None = None
    measurements: list[Measurement] = field(default_factory=list)
    observation: Observation | None = None
    retracted: str = ""
    failure: str = ""

    @property
    def id(self) -> str:
        """The sample's id."""
        return self.proposed.sample

    @property
    def made_values(self) -> dict[str, float] | None:
        """What was made, as the instruments reported it; None where nothing was."""
        return dict(self.sample.made.values) if self.sample is not None else None

    @property
    def outcome(self) -> str:
        """One word for people."""
        if self.observation is not None:
            return "retracted" if self.retracted else "observed"
        if self.failure:
            return "failed"
        return "made" if self.sample is not None else "not made"


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
class Account:
    """One campaign as the log tells it. `observed` holds samples in the order in which they were concluded."""

    laboratory: Laboratory | None = None
    lab_version: str = ""
    plan: CampaignPlan | None = None
    person: str = ""
    started_at: datetime | None = None
    wall_started_at: datetime | None = None
    last_at: datetime | None = None
    wall_last_at: datetime | None = None
    closing: str = ""
    finished: course.CampaignFinished | None = None
    granted: int = 0
    samples: dict[str, SampleAccount] = field(default_factory=dict)
    observed: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    models: list[tuple[int, TrainedModel]] = field(default_factory=list)
    tickets: dict[str, TicketAccount] = field(default_factory=dict)
    troubles: list[tuple[int, str, life.TroubleMet]] = field(default_factory=list)
    failures: list[tuple[int, work.TaskFailed]] = field(default_factory=list)
    births: dict[str, int] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)
    stops: list[course.StopRecorded] = field(default_factory=list)
    n_entries: int = 0

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
        return [s for name in self.observed if (s := self.samples[name]).observation is not None and not s.retracted]

    def best(self, n: int = 1) -> list[SampleAccount]:
        """The best observed samples, the best first."""
        sign = self.plan.target.sign if self.plan is not None else 1.0
        ranked = sorted(self.observed_samples(), key=lambda s: -sign * value_of(s))
        return ranked[:n]


def value_of(sample: SampleAccount) -> float:
    """The observed value of a sample that has one."""
    if sample.observation is None:
        raise ValueError(f"{sample.id} has no observation")
    return sample.observation.value


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
