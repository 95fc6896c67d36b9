"""Reading the central store while the recorder writes it: for report, status, audit and replay."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Table, select
from sqlalchemy.engine import Connection

from lab_agents.messages.frames import GENESIS, Logged, Seal
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.ticket import Ticket
from lab_agents.store import gathering
from lab_agents.store import projection_tables as rows
from lab_agents.store.columns import from_json_column, table_of
from lab_agents.store.opening import open_read_only, snapshot
from lab_agents.store.rows import LEASE, LOG, bytes_of, log_identity, logged_of, read_rows, seal_of
from lab_agents.store.schema import check_revision, find_revision
from lab_agents.store.summaries import (
    ActSpan,
    CampaignSummary,
    ChainReport,
    ModelSummary,
    SampleSummary,
    TaskSpan,
    TicketSummary,
    WorkSummary,
)
from lab_agents.store.verification import raw_rows, verify_rows

_MEASUREMENT, _MODEL, _TICKET = (table_of(row) for row in (rows.MeasurementRow, rows.ModelRow, rows.TicketRow))
_TASK, _ACT = table_of(rows.TaskRow), table_of(rows.ActRow)


def open_store(path: Path) -> "StoreReader | None":
    """A reader of a store, or None while no recorder has made its tables: nothing is recorded yet.

    Raises:
        StoreError: If the store cannot be read, or its tables are of another version.
    """
    if not path.exists():
        return None
    engine = open_read_only(path)
    with snapshot(engine, path) as connection:
        is_made = find_revision(connection) is not None
    return StoreReader(path) if is_made else None


class StoreReader:
    """Typed questions to one store file, opened read-only.

    Every answer is a consistent snapshot of its own. Safe to use from several threads.

    Args:
        path: The file, `STATE/store.sqlite`.

    Raises:
        StoreError: If there is no store, it cannot be read, or its tables are of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = open_read_only(path)
        with self._view() as connection:
            check_revision(connection, path)

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _view(self) -> AbstractContextManager[Connection]:
        return snapshot(self._engine, self.path)

    def head(self) -> tuple[int, str]:
        """Position and chain of the newest entry; (0, 64 zeros) while there is none."""
        with self._view() as connection:
            return _head(connection)

    def entries(
        self,
        kinds: Collection[str] = (),
        *,
        after: int = 0,
        campaign: str | None = None,
        source: str | None = None,
    ) -> Iterator[Logged]:
        """Entries in order of position, lifted to the present version.

        Args:
            kinds: Only these; all where empty.
            after: Only behind this position.
            campaign: Only of this campaign.
            source: Only from this source.

        Raises:
            StoreError: If one cannot be read by this version.
        """
        where: list[ColumnElement[bool]] = []
        if kinds:
            where.append(LOG.c.kind.in_(tuple(kinds)))
        if campaign is not None:
            where.append(LOG.c.campaign == campaign)
        if source is not None:
            where.append(LOG.c.source == source)
        with self._view() as connection:
            log = log_identity(connection)
            for row in read_rows(connection, after, *where):
                yield logged_of(row, log)

    def sealed(self, after: int = 0) -> Iterator[tuple[Seal, bytes]]:
        """Seals with the bytes that the chain covers, in order of position, as they are stored."""
        with self._view() as connection:
            log = log_identity(connection)
            for row in read_rows(connection, after):
                yield seal_of(row, log), bytes_of(row)

    def entry_at(self, position: int) -> Logged | None:
        """The entry at a position, or None behind the head."""
        return next(self.entries_at((position,)), None)

    def entries_at(self, positions: Collection[int]) -> Iterator[Logged]:
        """The entries at these positions, in order."""
        with self._view() as connection:
            log = log_identity(connection)
            for row in read_rows(connection, 0, LOG.c.position.in_(tuple(positions))):
                yield logged_of(row, log)

    def campaigns(self) -> tuple[CampaignSummary, ...]:
        """Every campaign in the order in which they started."""
        with self._view() as connection:
            return gathering.gather_campaigns(connection)

    def samples(self, campaign: str | None = None) -> tuple[SampleSummary, ...]:
        """Samples in order of proposal, those that were only proposed among them; then controls."""
        with self._view() as connection:
            return gathering.gather_samples(connection, campaign)

    def work(self, campaign: str | None = None) -> tuple[WorkSummary, ...]:
        """Work with its bids, refusals and award, in the order in which it was first answered."""
        with self._view() as connection:
            return gathering.gather_work(connection, campaign)

    def measurements(self, campaign: str | None = None) -> tuple[Measurement, ...]:
        """Measurements in log order."""
        with self._view() as connection:
            return tuple(
                from_json_column(Measurement, row.record) for row in _ordered(connection, _MEASUREMENT, campaign)
            )

    def models(self, campaign: str | None = None) -> tuple[ModelSummary, ...]:
        """Models in the order in which they were trained."""
        with self._view() as connection:
            return tuple(
                ModelSummary(row.position, row.campaign, row.at, from_json_column(TrainedModel, row.record))
                for row in _ordered(connection, _MODEL, campaign)
            )

    def tickets(self, *, open_only: bool = False) -> tuple[TicketSummary, ...]:
        """Tickets in the order in which they were opened."""
        with self._view() as connection:
            return tuple(
                TicketSummary(
                    row.position,
                    from_json_column(Ticket, row.record),
                    row.opened_at,
                    row.closed_at,
                    row.answer,
                    row.person,
                )
                for row in _ordered(connection, _TICKET, None)
                if not (open_only and row.closed_at)
            )

    def tasks(self, campaign: str | None = None) -> tuple[TaskSpan, ...]:
        """Tasks in the order in which they were started."""
        with self._view() as connection:
            return tuple(gathering.gather_tasks(_ordered(connection, _TASK, campaign)))

    def timeline(self, campaign: str | None = None) -> tuple[ActSpan, ...]:
        """Acts that have happened or may have, by instrument and then by start."""
        with self._view() as connection:
            query = select(_ACT, _TASK.c.sample).join(_TASK, _TASK.c.task == _ACT.c.task)
            if campaign is not None:
                query = query.where(_TASK.c.campaign == campaign)
            query = query.order_by(_ACT.c.instrument, _ACT.c.started_at, _ACT.c.position, _ACT.c.number)
            return tuple(
                ActSpan(r.token, r.task, r.sample, r.instrument, r.plan, r.state, r.started_at, r.ended_at)
                for r in connection.execute(query)
            )

    def verify_chain(self) -> ChainReport:
        """Compute the chain again over every byte of the log and compare."""
        with self._view() as connection:
            lease = connection.execute(select(LEASE.c.log, LEASE.c.lab)).first()
            head, chain = _head(connection)
            faults = tuple(verify_rows(raw_rows(connection)))
            return ChainReport(lease.log if lease else "", lease.lab if lease else "", head, chain, faults)


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(select(LOG.c.position, LOG.c.chain).order_by(LOG.c.position.desc()).limit(1)).first()
    return (row.position, row.chain) if row else (0, GENESIS)


def _ordered(connection: Connection, table: Table, campaign: str | None) -> list[Row[Any]]:
    query = select(table).order_by(table.c.position)
    if campaign is not None:
        query = query.where(table.c.campaign == campaign)
    return list(connection.execute(query).all())
