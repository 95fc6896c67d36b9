"""Entries of workers: lines, stations and services."""

from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.messages.entry import Body, kind
from lab_agents.records.base import FrozenMap, Identifier, Name
from lab_agents.records.bid import Bid
from lab_agents.records.measurement import Measurement
from lab_agents.records.recipe import ActResult, Need, Recipe, Task
from lab_agents.records.sample import Sample

RefusalCode = Literal["infeasible", "no_stock", "no_place", "unsafe", "not_mine"]
"""`infeasible` is feasibility data: this agent can never make it. The others may pass."""

DeclineCode = Literal["not_able", "over_budget", "not_approved", "outside_limits", "not_paid_for"]
"""`not_able`: the bidder's booked state. `outside_limits`: what no recipe of this bidder may be. `not_paid_for`: the
rest of the campaign's consumables or money is too little. The others lie beyond what supervision granted it, or
let it do."""


@kind("worker")
class BidMade(Body):
    """An offer to do a piece of work."""

    bid: Bid


@kind("worker")
class BidRefused(Body):
    """An able agent will not do this work, and why."""

    work: Identifier
    round: int
    bidder: Name
    code: RefusalCode
    reason: str


@kind("worker")
class AwardAccepted(Body):
    """The bidder took the work; of this and a withdrawal the earlier position counts."""

    work: Identifier
    round: int
    bidder: Name


@kind("worker")
class WorkAmended(Body):
    """The recipe of reserved work is changed from here on, where that leaves all that has begun as it is.

    `version` is that of the admitted amendment, or of the one that takes an earlier one back.
    """

    work: Identifier
    version: int = Field(ge=1)
    recipe: Recipe


@kind("worker")
class AwardDeclined(Body):
    """The bidder's booked state no longer allows the work, or the award lies beyond what its campaign may do."""

    work: Identifier
    round: int
    bidder: Name
    reason: str
    code: DeclineCode = "not_able"


@kind("worker")
class TaskStarted(Body):
    """The owner begins a task; its motion may start once this has a position."""

    task: Task


@kind("worker")
class TaskDone(Body):
    """Every act of the task ended well."""

    task: Identifier
    work: Identifier
    sample: Identifier
    step: int
    owner: Name
    results: tuple[ActResult, ...]


@kind("worker")
class TaskFailed(Body):
    """The task ended badly. `unknown` names the tokens of actuations that may or may not have happened.

    Without `moved` certainly nothing moved; `blocked` means that the instrument's own sensors forbade it, because
    nothing was where it should have taken something, or its way was full. `repeatable` means that all that is missing
    are the data of a measurement.
    """

    task: Identifier
    work: Identifier
    sample: Identifier
    step: int
    owner: Name
    cause: str
    results: tuple[ActResult, ...] = ()
    unknown: tuple[str, ...] = ()
    moved: bool = True
    repeatable: bool = False
    blocked: bool = False


@kind("worker")
class SampleMade(Body):
    """A sample is finished and stands in a buffer place: the offer to measure it."""

    sample: Sample


@kind("worker")
class SampleMoved(Body):
    """A sample was carried; a place is None where it is not known."""

    sample: Identifier
    source: Name | None
    target: Name | None


@kind("worker")
class SampleQuarantined(Body):
    """A sample must not be used: what happened to it is not known, or it was spoiled."""

    sample: Identifier
    work: Identifier
    reason: str
    places: tuple[Name, ...] = ()


@kind("worker")
class ConsumableUsed(Body):
    """Stock was drawn, as the instrument reported it, in the unit of its declaration."""

    consumable: Name
    amount: float = Field(ge=0)
    work: Identifier


@kind("worker")
class ConsumableLoaded(Body):
    """A person loaded a tray or bottle, and the instrument counts in it what the person confirmed.

    `amount` is the instrument's own count, in the unit of the declaration. Whatever was drawn by an act up to this
    entry's cause is no longer in it, also where its `ConsumableUsed` comes later.
    """

    consumable: Name
    amount: float = Field(ge=0)
    confirmed: float = Field(ge=0)
    ticket: Identifier


@kind("worker")
class MeasurementTaken(Body):
    """Raw data were recorded."""

    measurement: Measurement


@kind("worker")
class CalibrationMade(Body):
    """An instrument was calibrated; `constants` replace the earlier ones."""

    instrument: Name
    constants: FrozenMap[str, float]
    valid_until: AwareDatetime | None = None


@kind("worker")
class ReservationRequested(Body):
    """All places that a piece of work needs up to its next buffer, together; the service grants them or nothing."""

    work: Identifier
    sample: Identifier
    service: Name
    needs: tuple[Need, ...]
    recipe: Recipe


@kind("worker")
class ReservationMade(Body):
    """The places granted, by their role in the request; they are held until released."""

    work: Identifier
    sample: Identifier
    holder: Name
    places: FrozenMap[Name, Name]


@kind("worker")
class ReservationRefused(Body):
    """The service can never grant this request (no such place); a busy place is a wait, not a refusal."""

    work: Identifier
    reason: str


@kind("worker")
class ReservationReleased(Body):
    """The holder needs these places no longer; a place where a sample still stands stays occupied."""

    work: Identifier
    places: tuple[Name, ...]


WORK_KINDS = frozenset(
    {
        "ReservationRequested",
        "ReservationMade",
        "ReservationRefused",
        "ReservationReleased",
        "TaskStarted",
        "TaskDone",
        "TaskFailed",
        "WorkAmended",
    }
)
"""Kinds of entries about reserved work: of interest to whoever holds it, grants its places, or owns a step of it."""


def work_of(body: Body) -> Identifier | None:
    """The reserved work that an entry of one of `WORK_KINDS` is about, or None for another kind."""
    match body:
        case TaskStarted():
            return body.task.work
        case ReservationRequested() | ReservationMade() | ReservationRefused() | ReservationReleased():
            return body.work
        case TaskDone() | TaskFailed() | WorkAmended():
            return body.work
        case _:
            return None
