"""From rows of the log table back to seals and entries."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.engine import Connection

from lab_agents.errors import MessageError, StoreError
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import Logged, Seal
from lab_agents.store.columns import table_of
from lab_agents.store.tables import LeaseRow, LogRow

LOG, LEASE = table_of(LogRow), table_of(LeaseRow)

_PAGE = 500
"""Rows read at once: some hundred kilobytes, so that a long log never stands whole in memory."""


def log_identity(connection: Connection) -> str:
    """The identity of the log in this store, empty before the first recorder."""
    return connection.execute(select(LEASE.c.log)).scalar_one_or_none() or ""


def read_rows(connection: Connection, after: int, *where: ColumnElement[bool]) -> Iterator[Row[Any]]:
    """Rows of the log behind position `after` in order of position, read in pages."""
    while True:
        query = select(LOG).where(LOG.c.position > after, *where).order_by(LOG.c.position).limit(_PAGE)
        rows = connection.execute(query).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1].position


def bytes_of(row: Row[Any]) -> bytes:
    """The entry's bytes; a foreign hand may have made a text of them, which the chain then shows."""
    return row.entry if isinstance(row.entry, bytes) else str(row.entry).encode()


def seal_of(row: Row[Any], log: str) -> Seal:
    """The seal of a row."""
    return Seal(
        log=log,
        position=row.position,
        chain=row.chain,
        source=row.source,
        epoch=row.epoch,
        sequence=row.sequence,
        recorded_at=datetime.fromisoformat(row.recorded_at),
    )


def logged_of(row: Row[Any], log: str) -> Logged:
    """The entry of a row, lifted to the present version.

    Raises:
        StoreError: If this version cannot read it.
    """
    try:
        return Logged.model_construct(seal=seal_of(row, log), entry=read_entry(bytes_of(row), stored=True))
    except (MessageError, ValueError, TypeError) as error:  # a seal that a foreign hand spoilt is none
        reason = str(error).splitlines()[0]
        raise StoreError(
            f"position {row.position} of the log cannot be read: {reason}. Use the version that wrote it, or a newer."
        ) from error
