"""What a person may do to a store whose laboratory has ended, and what may be asked of one that runs."""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from lab_agents.errors import StoreError
from lab_agents.state_folder import write_atomically
from lab_agents.store.columns import table_of
from lab_agents.store.opening import open_read_only, snapshot
from lab_agents.store.projection_tables import PROJECTIONS
from lab_agents.store.projections import rebuild
from lab_agents.store.schema import check_revision
from lab_agents.store.sealing import digest_after, read_rest, seals_of
from lab_agents.store.seals import BEGINNING, StoreState, read_seals
from lab_agents.store.writer import connect

_SHOWN = 3
"""Rows named of each table that differs; the others are counted."""


def rebuild_store(path: Path) -> int:
    """Make every queried table of a store file anew from its log.

    It waits five seconds for a recorder that writes at this moment; one that runs goes on afterwards.

    Args:
        path: `STATE/store.sqlite`.

    Returns:
        How many entries were read.

    Raises:
        StoreError: If there is no store, it is of another version, or an entry cannot be read; nothing changed then.
    """
    open_read_only(path).dispose()
    engine = connect(path)
    try:
        with engine.connect() as connection:
            check_revision(connection, path)
        return rebuild(engine)
    finally:
        engine.dispose()


def copy_store(path: Path, target: Path) -> None:
    """Copy a store file as it stands at one instant, beside a recorder that goes on writing.

    Args:
        path: `STATE/store.sqlite`.
        target: The copy, which must not exist; one file, on disk on return.

    Raises:
        StoreError: If it cannot be read, or the copy cannot be written.
    """
    try:
        # One step: in several ones every commit of the recorder would make it begin again.
        with closing(_open(path)) as source, closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous=FULL")
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"The store {path} cannot be copied to {target}: {error}. Free the disk.") from error


def cut_seals(store: Path, copy: Path) -> None:
    """Give a copy of a store the seals of the original, up to the line that stands for it.

    Args:
        store: The original, which may have gone on since.
        copy: What `copy_store` made of it.

    Raises:
        StoreError: If the seals cannot be read.
    """
    lines = read_seals(seals_of(store))
    engine = open_read_only(copy)
    try:
        with snapshot(engine, copy) as connection:
            position, rows = digest_after(connection, 0, BEGINNING)
            state = StoreState(position, rows, read_rest(connection)[0].digest)
    finally:
        engine.dispose()
    told = max((number for number, line in enumerate(lines, 1) if state.is_said_by(line)), default=len(lines))
    data = b"".join(seals_of(store).read_bytes().splitlines(keepends=True)[:told]) if lines else b""
    if data:
        write_atomically(seals_of(copy), data)


def compare_projections(path: Path, *, is_older: bool = False) -> Iterator[str]:
    """Fill the queried tables anew from the log, in a copy, and yield one sentence for each row that differs.

    Args:
        path: `STATE/store.sqlite`; a recorder may go on writing. The copy takes as much room, where `TMPDIR` says.
        is_older: Rows were filled by another version of the software: their records may lack fields that it did not
            know, and what it did know must be the same.

    Raises:
        StoreError: If the store cannot be read or copied.
    """
    with tempfile.TemporaryDirectory(prefix="lab-agents-verify-") as name:
        copy = Path(name) / "store.sqlite"
        copy_store(path, copy)
        before = _tables(copy)
        try:
            rebuild_store(copy)
        except StoreError as error:
            yield f"the tables cannot be made again: {error}"
            return
        after = _tables(copy)
    for table, rows in before.items():
        yield from _compare(table, rows, after[table], is_older=is_older)


_Row = tuple[object, ...]


def _compare(table: str, found: dict[_Row, _Row], made: dict[_Row, _Row], *, is_older: bool) -> Iterator[str]:
    wrong = [key for key in {**made, **found} if found.get(key) != made.get(key)]
    if is_older:
        wrong = [key for key in wrong if key not in found or key not in made or not _fits(found[key], made[key])]
    for key in wrong[:_SHOWN]:
        what = "is missing" if key not in found else "is not made by the log" if key not in made else "differs"
        yield f"table {table}, row {'/'.join(map(str, key))}: {what}"
    if len(wrong) > _SHOWN:
        yield f"table {table}: {len(wrong) - _SHOWN} rows more; make them anew with lab-agents rebuild"


def _fits(found: _Row, made: _Row) -> bool:
    """Whether two rows differ only in fields that the first one's record does not have; it is the last column."""
    try:
        before, after = (json.loads(str(row[-1])) for row in (found, made))
    except ValueError:
        return False
    return found[:-1] == made[:-1] and _is_part(before, after)


def _is_part(less: object, more: object) -> bool:
    if isinstance(less, dict) and isinstance(more, dict):
        return all(key in more and _is_part(value, more[key]) for key, value in less.items())
    if isinstance(less, list) and isinstance(more, list):
        return len(less) == len(more) and all(map(_is_part, less, more))
    return less == more


def _tables(path: Path) -> dict[str, dict[_Row, _Row]]:
    """Table → key → row, each value as SQLite holds it."""
    found: dict[str, dict[_Row, _Row]] = {}
    with closing(_open(path)) as store:
        for model in PROJECTIONS:
            table = table_of(model)
            names = [column.name for column in table.columns]
            keys = [names.index(column.name) for column in table.primary_key]
            rows = store.execute(f'SELECT {", ".join(names)} FROM "{table.name}"').fetchall()
            found[table.name] = {tuple(row[k] for k in keys): tuple(row) for row in rows}
    return found


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=5.0)
