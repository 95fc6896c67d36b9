"""Opening a store file for reading only, beside a recorder that writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from lab_agents.errors import StoreError


def open_read_only(path: Path) -> Engine:
    """An engine that cannot write: readers see the last commit and never hold up the recorder.

    Raises:
        StoreError: If there is no file.
    """
    if not path.is_file():
        raise StoreError(
            f"There is no store at {path}. Name the state folder of a laboratory that has run, with --state."
        )
    address = f"file:{quote(str(path.resolve()))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, timeout=5.0, check_same_thread=False)
        connection.isolation_level = None  # else the driver begins and commits by itself, in the middle of a reading
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


@contextmanager
def snapshot(engine: Engine, path: Path) -> Iterator[Connection]:
    """One consistent view of the store for several queries.

    Raises:
        StoreError: If the file is no database, or cannot be read.
    """
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
            connection.exec_driver_sql("ROLLBACK")
    except DatabaseError as error:
        raise StoreError(f"The store {path} cannot be read: {error.orig}. Restore it from a backup.") from error
