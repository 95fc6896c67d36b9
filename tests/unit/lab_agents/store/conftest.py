"""Looking into the tables of the small campaign's store."""

import pytest
from sqlalchemy import select

from lab_agents.store.columns import table_of
from lab_agents.store.writer import connect


@pytest.fixture
def engine(book):
    """The campaign's store, open for writing."""
    engine = connect(book.path)
    yield engine
    engine.dispose()


@pytest.fixture
def one_row(engine):
    """Find the one row of a table with a key."""

    def find(row, **key):
        table = table_of(row)
        with engine.connect() as connection:
            return connection.execute(select(table).filter_by(**key)).one()

    return find
