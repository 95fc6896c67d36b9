from pathlib import Path

import pytest
from sqlalchemy import select
from tests.logbook import LogBook
from tests.small_campaign import write_campaign

from lab_agents.messages import course, work
from lab_agents.messages.frames import Logged
from lab_agents.store.columns import from_json_column, table_of
from lab_agents.store.projection_tables import PROJECTIONS
from lab_agents.store.projections import project, rebuild
from lab_agents.store.rows import log_identity, logged_of, read_rows
from lab_agents.store.writer import connect


@pytest.fixture
def book(tmp_path: Path):
    book = write_campaign(LogBook(tmp_path / "state"))
    yield book
    book.close()


def tables_of(engine):
    with engine.connect() as connection:
        return {row.__tablename__: connection.execute(select(table_of(row))).all() for row in PROJECTIONS}


def test_a_rebuild_gives_the_tables_that_the_recorder_wrote(book):
    """Nothing in the queried tables comes from anywhere but the log."""
    engine = connect(book.path)
    before = tables_of(engine)
    assert all(before.values()), "every table has rows"
    assert rebuild(engine) == book.writer.position
    assert tables_of(engine) == before
    engine.dispose()
