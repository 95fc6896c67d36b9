"""Bringing the tables of an older store up to this version; the only module of the package that imports Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from lab_agents.store.writer import connect


def upgrade_connection(connection: Connection) -> None:
    """Run every revision that the store behind `connection` lacks, in its transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade(path: Path) -> None:
    """Bring the store at `path` up to the newest revision; a new file gets every table.

    Args:
        path: The SQLite file; no recorder may hold it.
    """
    engine = connect(path)
    try:
        with engine.begin() as connection:
            upgrade_connection(connection)
    finally:
        engine.dispose()
