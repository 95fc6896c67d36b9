"""The log's own tables: what is backed up."""

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class LogRow(SQLModel, table=True):
    """One entry with its seal; `entry` holds the bytes as received, which `chain` covers."""

    __tablename__ = "log"
    __table_args__ = (UniqueConstraint("source", "sequence"),)

    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    id: str = Field(unique=True)
    source: str
    epoch: int
    sequence: int
    kind: str = Field(index=True)
    campaign: str | None = Field(default=None, index=True)
    subject: str
    cause: int | None = None
    at: str
    recorded_at: str
    chain: str
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SourceRow(SQLModel, table=True):
    """How far a source has come: its last sequence, its present epoch and the one before."""

    __tablename__ = "source"

    source: str = Field(primary_key=True)
    epoch: int = 0
    last_epoch: int = 0
    sequence: int = 0


class LeaseRow(SQLModel, table=True):
    """The one row that says whose log this is and which recorder may append."""

    __tablename__ = "lease"

    id: int = Field(default=1, primary_key=True)
    log: str
    lab: str
    recorder: int
