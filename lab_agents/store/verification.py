"""Whether the log is whole: positions dense, chain unbroken, columns as the bytes say, all as it was sealed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.engine import Connection

from lab_agents.errors import MessageError
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import GENESIS, chain_after
from lab_agents.store.rows import bytes_of
from lab_agents.store.sealing import COLUMNS, read_rest
from lab_agents.store.seals import BEGINNING, SealLine, StoreState, digest_row, standing

_COLUMNS = ("id", "kind", "campaign", "subject", "cause")
_RAW = text(f"SELECT {', '.join(COLUMNS)}, entry FROM log ORDER BY position")


def raw_rows(connection: Connection) -> Iterator[Row[Any]]:
    """Every row of the log in order of position, each value as it is stored: a foreign hand may have changed types."""
    yield from connection.execute(_RAW)


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
            yield f"position {position}: the chain is {str(row.chain)[:12]}…, computed is {chain[:12]}…; bytes changed"
            chain = str(row.chain)
        if not isinstance(row.sequence, int) or not isinstance(row.entry, bytes):
            yield f"position {position}: sequence or entry has another type than the recorder writes"
        elif row.sequence <= sequences.get(row.source, 0):
            yield f"position {position}: sequence {row.sequence} of {row.source} follows {sequences[row.source]}"
        else:
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
    if row.at != entry.at.isoformat():
        yield f"position {row.position}: column at is {row.at!r}, the entry says {entry.at.isoformat()!r}"


def verify_seals(connection: Connection, before: Sequence[SealLine], after: Sequence[SealLine]) -> Iterator[str]:
    """Yield one sentence for each stretch of rows that is not as it was sealed.

    Args:
        connection: One view of the store.
        before: The seals as they were read before that view was taken.
        after: The same behind it: a recorder may have gone on meanwhile.
    """
    kept = confirmed(after)
    position, rows, sound = 0, BEGINNING, 0
    for row in connection.execute(text(f"SELECT {', '.join(COLUMNS)} FROM log ORDER BY position")):
        position, rows = row[0], digest_row(rows, row)
        if (sealed := kept.get(position)) is not None:
            if sealed != rows:
                yield f"rows {sound + 1} to {position} of the log are not those that were sealed"
                return  # every digest after it differs too
            sound = position
    now = StoreState(position, rows, read_rest(connection)[0].digest)
    likely = (*standing(before), *after[len(before) :])
    if not any(now.is_said_by(line) for line in likely):
        yield _how_it_differs(now, likely)


def _how_it_differs(now: StoreState, likely: Sequence[SealLine]) -> str:
    sealed = max(line.position for line in likely) if likely else 0
    if now.position < sealed:
        return f"the log ends at {now.position}, and was sealed up to {sealed}: its tail is missing"
    if now.position > sealed:
        return f"the log ends at {now.position}, and was sealed up to {sealed}: rows were added"
    if any(now.rows.startswith(line.rows) for line in likely):
        return "a row of source or lease is not the one that was sealed"
    return f"the last rows of the log, up to {now.position}, are not those that were sealed"


def confirmed(lines: Iterable[SealLine]) -> dict[int, str]:
    """Position → running digest of the rows there, of every state that is known to have been committed."""
    kept: dict[int, str] = {}
    announced: list[SealLine] = []
    for line in lines:
        if line.word == "will":
            announced.append(line)
        elif line.word == "found":
            announced.clear()
            kept[line.position] = line.rows
        else:
            # A commit that failed was announced too, and may have been announced again otherwise.
            said = [a for a in announced if a.position == line.position and a.rows.startswith(line.rows)]
            if said:
                kept[line.position] = said[-1].rows
            announced.clear()
    return kept
