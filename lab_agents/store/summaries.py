"""What the store answers: records with what the tables know about them besides."""

from dataclasses import dataclass
from datetime import datetime

from lab_agents.messages.course import WorkAwarded
from lab_agents.messages.work import BidRefused
from lab_agents.records.bid import Bid
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.sample import Sample
from lab_agents.records.ticket import Ticket


@dataclass(frozen=True)
class CampaignSummary:
    """A campaign and how far it is. `state`: running, paused, closing, finished; times are laboratory time.

    `n_observed` counts samples with an observation that was not retracted.
    """

    campaign: str
    position: int
    state: str
    reason: str
    granted: int
    started_at: datetime
    ended_at: datetime | None
    plan: CampaignPlan
    n_proposed: int
    n_made: int
    n_observed: int
    n_quarantined: int


@dataclass(frozen=True)
class SampleSummary:
    """A sample from proposal to observation.

    `proposed` is None for controls, `made` (with `asked` and `made` inside) until it is made. `observations` are those
    that count, in log order; `observed_at` is the laboratory time of the last.
    """

    sample: str
    campaign: str | None
    proposal: int | None
    proposed: ProposedCandidate | None
    made: Sample | None
    place: str | None
    quarantined: str | None
    observations: tuple[Observation, ...] = ()
    observed_at: datetime | None = None

    @property
    def observation(self) -> Observation | None:
        """The newest observation that counts."""
        return self.observations[-1] if self.observations else None


@dataclass(frozen=True)
class WorkSummary:
    """A piece of work with every answer to its offer. `state`: offered, awarded, accepted, running, done, failed."""

    work: str
    campaign: str | None
    sample: str | None
    state: str
    round: int
    bidder: str | None
    reason: str
    award: WorkAwarded | None
    bids: tuple[Bid, ...] = ()
    refusals: tuple[BidRefused, ...] = ()


@dataclass(frozen=True)
class ModelSummary:
    """A trained model with its place in the log."""

    position: int
    campaign: str | None
    at: datetime
    model: TrainedModel


@dataclass(frozen=True)
class TicketSummary:
    """A ticket; it is open while `closed_at` is None."""

    position: int
    ticket: Ticket
    opened_at: datetime
    closed_at: datetime | None
    answer: str | None
    person: str | None


@dataclass(frozen=True)
class TaskSpan:
    """A task on the time line. `state`: running, done, failed; `instruments` in the order of its acts."""

    task: str
    sample: str
    owner: str
    instruments: tuple[str, ...]
    state: str
    cause: str
    unknown: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class ActSpan:
    """One act on an instrument's time line. `state`: planned, done, unknown; times are laboratory time."""

    token: str
    task: str
    sample: str
    instrument: str
    plan: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class ChainReport:
    """The log's own consistency: `faults` names each position where chain, order or content do not fit."""

    log: str
    lab: str
    head: int
    chain: str
    faults: tuple[str, ...] = ()
