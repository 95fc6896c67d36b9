"""Entries of planning, analysis, training and supervision: the course of a campaign."""

from pydantic import AwareDatetime, Field

from lab_agents.messages.entry import Body, kind
from lab_agents.records.amendment import Amendment
from lab_agents.records.base import FrozenMap, Identifier, Name
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.proposal import Proposal
from lab_agents.records.ticket import Ticket


@kind("planning")
class ProposalMade(Body):
    """A batch of candidates chosen together: each is the offer to make it."""

    proposal: Proposal


@kind("planning")
class WindowClosed(Body):
    """Bidding on a piece of work is over. `silent` are able bidders that did not answer in time."""

    work: Identifier
    round: int
    bidders: tuple[Name, ...]
    refused: tuple[Name, ...]
    silent: tuple[Name, ...] = ()


@kind("planning")
class WorkAwarded(Body):
    """One bidder gets the work, at the recipe of its bid; `score` is expected value per hour and consumable.

    With `needs_approval` it binds when one of the `approvers` (nobody named: anybody) approves; `asked_because` says
    why the campaign does not do this alone.
    """

    work: Identifier
    round: int
    bidder: Name
    bid: int = Field(description="Position of the bid.")
    score: float
    reason: str
    needs_approval: bool = False
    asked_because: str = ""
    approvers: tuple[str, ...] = ()


@kind("planning")
class AwardWithdrawn(Body):
    """The award no longer stands: unanswered, out of date, or denied. Only denied work is not offered `again`."""

    work: Identifier
    round: int
    bidder: Name
    reason: str
    again: bool = True


@kind("planning")
class PlannerExhausted(Body):
    """The planner has no further candidate, and why."""

    reason: str


@kind("planning")
class BudgetSpent(Body):
    """No bid for any candidate can be paid with what is left of the budget, and nothing is on its way any more."""

    reason: str


@kind("analysis")
class ObservationMade(Body):
    """A value with its uncertainty was concluded from raw data."""

    observation: Observation


@kind("analysis")
class MeasurementConcluded(Body):
    """Analysis has said all it can of a measurement: its observations stand before this entry.

    `unread` are properties that the raw data did not give, each with its reason. The sample's next measurement, if the
    campaign wants one, is offered by this entry.
    """

    sample: Identifier
    measurement: Identifier
    step: int = Field(default=0, ge=0)
    n_observed: int = Field(ge=0)
    unread: tuple[Unread, ...] = ()


@kind("analysis")
class StandardRead(Body):
    """What a measurement of a standard says of the instrument that took it.

    `values` are numbers by name, in the units of the standard's limits; None where one could not be read, and then
    `reason` says why.
    """

    standard: Name
    measurement: Identifier
    instrument: Name
    values: FrozenMap[Name, float | None]
    reason: str = ""


@kind("analysis")
class RemeasureRequested(Body):
    """The raw data cannot decide: the offer to measure the sample again."""

    sample: Identifier
    measurement: Identifier
    reason: str


@kind("training")
class ModelTrained(Body):
    """The surrogate was trained on every observation up to the cause."""

    model: TrainedModel


@kind("supervision")
class CampaignStarted(Body):
    """A campaign runs from here on."""

    plan: CampaignPlan
    person: str


@kind("supervision")
class CampaignPaused(Body):
    """Nothing is proposed, awarded or begun until resumed; acts and chains under way come to their end.

    With `at_once` also what may wait only for a short time waits, and spoils.
    """

    reason: str
    at_once: bool = False


@kind("supervision")
class CampaignResumed(Body):
    """The campaign goes on."""

    reason: str = ""


@kind("supervision")
class CampaignClosing(Body):
    """Nothing more is proposed; what was begun runs to its outcome, what was made is measured.

    Without `measure` (after an abort) what was made goes to the rack unmeasured. `is_early` where neither its budget
    nor its stopping rules ended the campaign.
    """

    reason: str
    measure: bool = True
    is_early: bool = True


@kind("supervision")
class CampaignFinished(Body):
    """No work, job, reservation or sample outside a rack is left."""

    reason: str
    n_made: int
    n_observed: int
    n_failed: int


@kind("supervision")
class BudgetGranted(Body):
    """How many samples may be awarded in all, from the campaign's start."""

    samples: int


@kind("supervision")
class AmendmentAdmitted(Body):
    """A person may change this work so; who holds it says whether it still can be. `version` counts from 1."""

    work: Identifier
    version: int = Field(ge=1)
    amendment: Amendment | None = None
    reverts: int | None = None
    person: str
    reason: str


@kind("supervision")
class TicketOpened(Body):
    """A person is asked."""

    ticket: Ticket


@kind("supervision")
class TicketClosed(Body):
    """The ticket was answered, by a person or by its default. `count` is what a person counted in a tray or bottle."""

    ticket: Identifier
    answer: str
    person: str
    note: str = ""
    count: float | None = None


@kind("supervision")
class ObservationRetracted(Body):
    """An observation no longer counts; models trained on it are trained again without it.

    `proposals` are the numbers of the campaign's proposals for which the planner had it.
    """

    sample: Identifier
    measurement: Identifier
    reason: str
    proposals: tuple[int, ...] = ()


@kind("supervision")
class ControlJudged(Body):
    """What one property of a control film, or one number read of a standard, says of the laboratory.

    `value` (None: it could not be read) is judged against `mean` ± `deviation`, one standard deviation, in `unit`.
    `rule` is the Westgard rule that the series breaks with it, empty where it is in control; `z` are the controls that
    the rule reads, in deviations. Then `last_good` is the last control that still vouches for what was measured before
    it, and `n_retracted` the measurements since that no longer count.
    """

    sample: Identifier
    measurement: Identifier
    property: Name
    instrument: Name
    line: str = ""
    value: float | None
    mean: float
    deviation: float = Field(gt=0)
    unit: str = "1"
    rule: str = ""
    z: tuple[float, ...] = ()
    last_good: str = ""
    n_retracted: int = Field(default=0, ge=0)


@kind("supervision")
class AgentDeclaredOut(Body):
    """An agent was silent for so long that the clock no longer waits for it."""

    agent: Name
    reason: str


@kind("supervision")
class AgentDeclaredIn(Body):
    """An agent is back and has caught up."""

    agent: Name


@kind("supervision")
class StopRecorded(Body):
    """A guard reported an emergency stop."""

    stop: str
    person: str
    reason: str
    machine: Name


@kind("supervision")
class Rearmed(Body):
    """A named person re-armed a machine after a stop."""

    stop: str
    person: str
    reason: str
    machine: Name


@kind("supervision")
class DrillPassed(Body):
    """A guard reported a drill after which every instrument of its machine was confirmed safe, held at a wall time."""

    drill: str
    person: str
    machine: Name
    held_at: AwareDatetime
