"""Which revision of the tables a store file has, and whether this version can use it."""

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import SQLModel

from lab_agents.errors import StoreError
from lab_agents.store import projection_tables, tables
from lab_agents.store.columns import table_of

REVISION = "0001"
"""The newest revision in `migrations/versions`; a test holds the two together. Alembic itself is imported only to
migrate: it costs 0.1 s of processor time at the start of every process that opens the store."""

MODELS: tuple[type[SQLModel], ...] = (tables.LogRow, tables.SourceRow, tables.LeaseRow, *projection_tables.PROJECTIONS)
"""Every table of the store."""

METADATA = SQLModel.metadata
"""The tables as Alembic compares them with a database."""


def find_revision(connection: Connection) -> str | None:
    """The revision a store is stamped with, None where it has no tables yet.

    Raises:
        StoreError: If there are tables and no stamp.
    """
    names = inspect(connection).get_table_names()
    if "alembic_version" in names:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if names:
        raise StoreError(
            "the store has tables but no revision: it is not one of Lab Agents. Choose another --state folder"
        )
    return None


def check_revision(connection: Connection, path: Path) -> None:
    """Refuse a store whose tables are not those of this version.

    Raises:
        StoreError: Saying whether to migrate it or to install a newer version.
    """
    found = find_revision(connection)
    if found is None:
        raise StoreError(f"The store {path} is empty: no recorder has opened it yet. Start one with lab-agents run.")
    if found > REVISION:
        raise StoreError(
            f"The store {path} has revision {found}; this version knows up to {REVISION}. "
            "Install the version that wrote it."
        )
    if found < REVISION:
        raise StoreError(
            f"The store {path} has revision {found}; this version needs {REVISION}. Back it up; "
            "lab-agents resume then migrates it at its start."
        )


def prepare(engine: Engine, path: Path) -> None:
    """Make a new store's tables, bring an older one up to date, refuse a newer one.

    Args:
        engine: Opened for writing.
        path: The file, for what the errors say.

    Raises:
        StoreError: If the store is newer than this version, or is another program's database.
    """
    try:
        with engine.begin() as connection:
            _prepare(connection, path)
    except OperationalError:
        raise  # a full, locked or read-only disk: the caller knows what it was about to do
    except DatabaseError as error:
        raise StoreError(f"{path} is no database ({error.orig}). Restore it from a backup, or move it away.") from error


def _prepare(connection: Connection, path: Path) -> None:
    found = find_revision(connection)
    if found is None:
        METADATA.create_all(connection, tables=[table_of(model) for model in MODELS])
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})
        return
    if found < REVISION:
        from lab_agents.store.migrations.upgrading import upgrade_connection

        upgrade_connection(connection)
    check_revision(connection, path)
