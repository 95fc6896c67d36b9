"""Tables that are queried: a few columns and the record as JSON; all can be dropped and made again from the log.

Every table keeps the `position` of the entry that made the row, so that each fact leads back to the log.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from lab_agents.store.columns import Instant


def _instant(*, optional: bool = False) -> Any:  # noqa: ANN401 - SQLModel's own Field returns Any
    return Field(default=None, sa_type=Instant, nullable=True) if optional else Field(sa_type=Instant)


def _record(*, optional: bool = False) -> Any:  # noqa: ANN401 - SQLModel's own Field returns Any
    return Field(default=None, sa_type=JSON, nullable=True) if optional else Field(sa_type=JSON)


class CampaignRow(SQLModel, table=True):
    """One campaign; `record` is its `CampaignPlan`. `state`: running, paused, closing, finished."""

    __tablename__: ClassVar[str] = "campaign"

    campaign: str = Field(primary_key=True)
    position: int
    content: str = Field(index=True)
    state: str
    reason: str = ""
    granted: int = 0
    started_at: datetime = _instant()
    ended_at: datetime | None = _instant(optional=True)
    record: Any = _record()


class ProposalRow(SQLModel, table=True):
    """One proposal; `record` is the `Proposal`."""

    __tablename__: ClassVar[str] = "proposal"

    position: int = Field(primary_key=True)
    campaign: str | None = Field(index=True)
    number: int
    planner: str
    inputs: str
    model: str | None
    at: datetime = _instant()
    record: Any = _record()


class WorkRow(SQLModel, table=True):
    """One piece of work from its first bid on; `record` is the last `WorkAwarded`.

    `state`: offered, awarded, accepted, running, done, failed. `sample` is known once the work is reserved or begun.
    """

    __tablename__: ClassVar[str] = "work"

    work: str = Field(primary_key=True)
    position: int
    campaign: str | None = Field(index=True)
    sample: str | None = Field(default=None, index=True)
    state: str
    round: int = 1
    bidder: str | None = None
    reason: str = ""
    at: datetime = _instant()
    record: Any = _record(optional=True)


class BidRow(SQLModel, table=True):
    """One answer to an offer: `record` is the `Bid`, or the `BidRefused` where `code` is set."""

    __tablename__: ClassVar[str] = "bid"

    position: int = Field(primary_key=True)
    campaign: str | None = Field(index=True)
    work: str = Field(index=True)
    round: int
    bidder: str
    code: str | None = None
    chance: float | None = None
    at: datetime = _instant()
    record: Any = _record()


class SampleRow(SQLModel, table=True):
    """One physical sample; `record` is the `Sample`, None while it was only begun. `place` is where it stands."""

    __tablename__: ClassVar[str] = "sample"

    sample: str = Field(primary_key=True)
    position: int
    campaign: str | None = Field(index=True)
    work: str | None = None
    made_by: str | None = None
    made_at: datetime | None = _instant(optional=True)
    place: str | None = None
    quarantined: str | None = None
    record: Any = _record(optional=True)


class MeasurementRow(SQLModel, table=True):
    """One measurement; `record` is the `Measurement`."""

    __tablename__: ClassVar[str] = "measurement"

    measurement: str = Field(primary_key=True)
    position: int
    campaign: str | None = Field(index=True)
    sample: str = Field(index=True)
    instrument: str
    run: str
    raw: str
    documents: str
    taken_at: datetime = _instant()
    record: Any = _record()


class ObservationRow(SQLModel, table=True):
    """One observation; `record` is the `Observation`. A retracted one stays, with the reason."""

    __tablename__: ClassVar[str] = "observation"

    position: int = Field(primary_key=True)
    campaign: str | None = Field(index=True)
    sample: str = Field(index=True)
    measurement: str = Field(index=True)
    property: str
    value: float
    deviation: float
    retracted: str | None = None
    at: datetime = _instant()
    record: Any = _record()


class ModelRow(SQLModel, table=True):
    """One trained model; `record` is the `TrainedModel`."""

    __tablename__: ClassVar[str] = "model"

    position: int = Field(primary_key=True)
    campaign: str | None = Field(index=True)
    checkpoint: str = Field(index=True)
    fingerprint: str
    n_observations: int
    held_out: float | None = None
    at: datetime = _instant()
    record: Any = _record()


class TicketRow(SQLModel, table=True):
    """One ticket; `record` is the `Ticket`. It is open while `closed_at` is None."""

    __tablename__: ClassVar[str] = "ticket"

    ticket: str = Field(primary_key=True)
    position: int
    campaign: str | None = Field(index=True)
    subject: str
    severity: str
    opened_at: datetime = _instant()
    closed_at: datetime | None = _instant(optional=True)
    answer: str | None = None
    person: str | None = None
    record: Any = _record()


class TaskRow(SQLModel, table=True):
    """One task; `record` is the `Task`. `state`: running, done, failed. `unknown` counts actuations in doubt."""

    __tablename__: ClassVar[str] = "task"

    task: str = Field(primary_key=True)
    position: int
    campaign: str | None = Field(index=True)
    work: str = Field(index=True)
    sample: str
    step: int
    owner: str
    state: str
    cause: str = ""
    unknown: int = 0
    started_at: datetime = _instant()
    ended_at: datetime | None = _instant(optional=True)
    record: Any = _record()


class ActRow(SQLModel, table=True):
    """One act of a task, by its token; `record` is its `ActResult` once there is one.

    `state`: planned, done, unknown. An act of a failed task that was never reached stays planned.
    """

    __tablename__: ClassVar[str] = "act"

    token: str = Field(primary_key=True)
    position: int
    task: str = Field(index=True)
    number: int
    instrument: str = Field(index=True)
    plan: str
    state: str
    run: str | None = Field(default=None, index=True)
    started_at: datetime | None = _instant(optional=True)
    ended_at: datetime | None = _instant(optional=True)
    record: Any = _record(optional=True)


PROJECTIONS: tuple[type[SQLModel], ...] = (
    CampaignRow,
    ProposalRow,
    WorkRow,
    BidRow,
    SampleRow,
    MeasurementRow,
    ObservationRow,
    ModelRow,
    TicketRow,
    TaskRow,
    ActRow,
)
"""Every table that `rebuild` empties and fills again."""
