"""Whether the log is whole: positions dense, chain unbroken, columns as the bytes say."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Row

from lab_agents.errors import MessageError
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import GENESIS, chain_after
from lab_agents.store.rows import bytes_of

_COLUMNS = ("id", "kind", "campaign", "subject", "cause")


def verify_rows(rows: Iterable[Row[Any]]) -> Iterator[str]:
    """Yield one sentence for each row of the log that does not fit.

    Args:
        rows: Every row of the log table, in order of position.
    """
    position, chain = 0, GENESIS
    sequences: dict[str, int] = {}
    for row in rows:
        if row.position != position + 1:
            yield f"position {row.position} follows {position}: entries are missing between them"
        position = row.position
        chain = chain_after(chain, bytes_of(row))
        if row.chain != chain:
            yield f"position {position}: the chain is {row.chain[:12]}…, computed is {chain[:12]}…; bytes were changed"
            chain = row.chain
        if row.sequence <= sequences.get(row.source, 0):
            yield f"position {position}: sequence {row.sequence} of {row.source} follows {sequences[row.source]}"
        sequences[row.source] = row.sequence
        yield from _compare_columns(row)


def _compare_columns(row: Row[Any]) -> Iterator[str]:
    try:
        entry = read_entry(bytes_of(row), stored=True)
    except MessageError as error:
        yield f"position {row.position} cannot be read: {str(error).splitlines()[0]}"
        return
    for name in _COLUMNS:
        column, said = getattr(row, name), getattr(entry, name)
        if column != said:
            yield f"position {row.position}: column {name} is {column!r}, the entry says {said!r}"
