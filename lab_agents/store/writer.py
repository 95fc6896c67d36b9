"""Appending to the log: the only code that writes the central store, used by the recorder alone."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import OperationalError

from lab_agents.errors import LostLeaseError, StoreError
from lab_agents.messages.entry import Entry, read_entry
from lab_agents.messages.frames import GENESIS, Header, Logged, Seal, chain_after, pack
from lab_agents.store.schema import prepare
from lab_agents.store.sealing import Sealer
from lab_agents.store.tables import LeaseRow, LogRow, SourceRow

Project = Callable[[Connection, Logged], None]
"""Fills the projection tables from one entry, in the same commit."""

_LOG: Table = LogRow.__table__  # type: ignore[attr-defined]
_SOURCE: Table = SourceRow.__table__  # type: ignore[attr-defined]
_LEASE: Table = LeaseRow.__table__  # type: ignore[attr-defined]

# Made once: an entry costs four of them, and to make one takes longer than to execute it.
_APPEND = insert(_LOG)
_FIND = select(_LOG.c.position, _LOG.c.entry).where(_LOG.c.id == bindparam("entry_id"))
_HOLDER = select(_LEASE.c.recorder)
_NEW_SOURCE = upsert(_SOURCE)
_PUT_SOURCE = _NEW_SOURCE.on_conflict_do_update(
    index_elements=["source"],
    set_={name: _NEW_SOURCE.excluded[name] for name in ("epoch", "last_epoch", "sequence")},
)


@dataclass(frozen=True)
class Offered:
    """An entry that passed every check, with the frame's header and the bytes to be stored."""

    header: Header
    entry: Entry
    data: bytes


@dataclass(frozen=True)
class SourceState:
    """What the log knows of a source."""

    epoch: int = 0
    last_epoch: int = 0
    sequence: int = 0


class LogWriter:
    """One laboratory's log in a database file, under a lease.

    Every method raises a `StoreError` where the disk is full, read-only or locked; what it was to write is not written.
    Every append checks in its own transaction that the lease is still ours, so that a second or woken recorder fails
    its commit instead of forking the log.

    Raises:
        StoreError: If the file cannot be opened or belongs to another laboratory.
    """

    def __init__(self, path: Path, lab: str, project: Project) -> None:
        self._engine = connect(path)
        self._project = project
        self._sealer = Sealer(path)
        with ExitStack() as refused:
            refused.callback(self._engine.dispose)
            self.position, self.chain = self._open(path, lab)
            refused.pop_all()
        self._sealer.commit()

    def _open(self, path: Path, lab: str) -> tuple[int, str]:
        """Prepare the store and take its lease; position and chain of the newest entry."""
        try:
            prepare(self._engine, path)
            with self._engine.begin() as connection:
                self._sealer.resume(connection)
                self.log, self.recorder = self._take_lease(connection, lab, path)
                self._sealer.stage((), (), (1, self.log, lab, self.recorder))
                newest = select(_LOG.c.position, _LOG.c.chain).order_by(_LOG.c.position.desc()).limit(1)
                row = connection.execute(newest).first()
        except OperationalError as error:
            raise StoreError(f"The store {path} cannot be written: {error.orig}. Free the disk or the lock.") from error
        return (row.position, row.chain) if row else (0, GENESIS)

    def _take_lease(self, connection: Connection, lab: str, path: Path) -> tuple[str, int]:
        row = connection.execute(select(_LEASE)).first()
        if row is None:
            log = uuid.uuid4().hex
            connection.execute(insert(_LEASE).values(id=1, log=log, lab=lab, recorder=1))
            return log, 1
        if row.lab != lab:
            raise StoreError(f"{path} holds the log of laboratory {row.lab}, not of {lab}. Choose another --state.")
        connection.execute(update(_LEASE).values(recorder=row.recorder + 1))
        return str(row.log), int(row.recorder) + 1

    def sources(self) -> dict[str, SourceState]:
        """Every source the log knows."""
        with self._reading() as connection:
            rows = connection.execute(select(_SOURCE)).all()
        return {row.source: SourceState(row.epoch, row.last_epoch, row.sequence) for row in rows}

    def give_epoch(self, source: str, state: SourceState) -> None:
        """Commit a source's new epoch: from here on older ones are fenced off.

        Raises:
            LostLeaseError: If another recorder took the lease.
        """
        with self._appending() as connection:
            self._put_source(connection, source, state)
            self._sealer.stage((), [_source_row(source, state)])
        self._sealer.commit()

    def append(self, offered: Sequence[Offered], used: dict[str, SourceState], recorded_at: datetime) -> list[bytes]:
        """Append entries and the sources' new states in one commit.

        Args:
            offered: Entries in order; each gets the next position.
            used: New states of all sources touched.
            recorded_at: Wall time of the commit.

        Returns:
            The sealed entries, ready for the log topic.

        Raises:
            LostLeaseError: If another recorder took the lease; nothing was appended.
            StoreError: If the disk is full, read-only or locked; nothing was appended.
            IntegrityError: If an id, or a source's sequence, stands in the log already; nothing was appended.
        """
        position, chain = self.position, self.chain
        sealed: list[bytes] = []
        rows: list[dict[str, object]] = []
        logged: list[Logged] = []
        for offer in offered:
            position, chain = position + 1, chain_after(chain, offer.data)
            seal = Seal(
                log=self.log, position=position, chain=chain, recorded_at=recorded_at, **offer.header.model_dump()
            )
            sealed.append(pack(seal, offer.data))
            rows.append(_row(seal, offer))
            logged.append(Logged.model_construct(seal=seal, entry=offer.entry))
        with self._appending() as connection:
            if rows:
                connection.execute(_APPEND, rows)
            for source, state in used.items():
                self._put_source(connection, source, state)
            for one in logged:
                self._project(connection, one)
            self._sealer.stage(rows, [_source_row(*one) for one in used.items()])
        self._sealer.commit()
        self.position, self.chain = position, chain
        return sealed

    def probe(self) -> None:
        """Write something of no consequence, to learn whether anything can be written.

        Raises:
            LostLeaseError: If another recorder took the lease.
            StoreError: If the disk is still full, read-only or locked.
        """
        with self._appending() as connection:
            connection.execute(update(_LEASE).values(recorder=self.recorder))

    def find(self, entry_id: str) -> tuple[int, Entry] | None:
        """Position and content of the entry with this id, if the log has it."""
        with self._reading() as connection:
            row = connection.execute(_FIND, {"entry_id": entry_id}).first()
        return (row.position, read_entry(row.entry, stored=True)) if row else None

    def last(self, kinds: Sequence[str]) -> Entry:
        """The newest entry of these kinds.

        Raises:
            StoreError: If there is none.
        """
        with self._reading() as connection:
            query = select(_LOG.c.entry).where(_LOG.c.kind.in_(kinds)).order_by(_LOG.c.position.desc()).limit(1)
            row = connection.execute(query).first()
        if row is None:
            raise StoreError(f"the log holds no {' or '.join(kinds)}")
        return read_entry(row.entry, stored=True)

    def count(self, kind: str) -> int:
        """How many entries of a kind the log holds."""
        with self._reading() as connection:
            return int(connection.execute(select(func.count()).where(_LOG.c.kind == kind)).scalar_one())

    def page(self, after: int, limit: int) -> list[bytes]:
        """Sealed entries from position `after` + 1 on, as many as fit into `limit` bytes, at least one if there is."""
        sealed: list[bytes] = []
        size = 0
        with self._reading() as connection:
            query = select(_LOG).where(_LOG.c.position > after).order_by(_LOG.c.position)
            for row in connection.execute(query.limit(1024)):
                seal = Seal(
                    log=self.log,
                    recorded_at=datetime.fromisoformat(row.recorded_at),
                    **{name: row._mapping[name] for name in ("position", "chain", "source", "epoch", "sequence")},  # noqa: SLF001 - SQLAlchemy's public name for a row's mapping
                )
                data = pack(seal, row.entry)
                size += len(data) + 16
                if sealed and size > limit:
                    break
                sealed.append(data)
        return sealed

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()
        self._sealer.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(reads_only=True) as connection:
                yield connection
        except OperationalError as error:
            raise StoreError(f"the store cannot be read: {error.orig}") from error

    @contextmanager
    def _appending(self) -> Iterator[Connection]:
        """One transaction under the lease."""
        try:
            with self._engine.begin() as connection:
                self._check_lease(connection)
                yield connection
        except OperationalError as error:
            raise StoreError(f"nothing can be appended: {error.orig}") from error

    def _check_lease(self, connection: Connection) -> None:
        holder = connection.execute(_HOLDER).scalar_one()
        if holder != self.recorder:
            raise LostLeaseError(f"recorder {holder} holds the log; this is recorder {self.recorder}, which must exit")

    def _put_source(self, connection: Connection, source: str, state: SourceState) -> None:
        values = {"source": source, "epoch": state.epoch, "last_epoch": state.last_epoch, "sequence": state.sequence}
        connection.execute(_PUT_SOURCE, values)


def connect(path: Path) -> Engine:
    """An engine on a SQLite file: write-ahead log, every commit on disk, the write lock taken at the start.

    Connections with the execution option `reads_only` take no lock, so that pages are served from a read-only disk.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 5.0, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _source_row(source: str, state: SourceState) -> tuple[str, int, int, int]:
    return source, state.epoch, state.last_epoch, state.sequence


def _row(seal: Seal, offer: Offered) -> dict[str, object]:
    entry = offer.entry
    return {
        "position": seal.position,
        "id": entry.id,
        "source": seal.source,
        "epoch": seal.epoch,
        "sequence": seal.sequence,
        "kind": entry.kind,
        "campaign": entry.campaign,
        "subject": entry.subject,
        "cause": entry.cause,
        "at": entry.at.isoformat(),
        "recorded_at": seal.recorded_at.isoformat(),
        "chain": seal.chain,
        "entry": offer.data,
    }
