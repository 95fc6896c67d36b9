from sqlmodel import SQLModel

from lab_agents.store.columns import table_of
from lab_agents.store.projection_tables import PROJECTIONS


def test_every_queried_table_can_be_rebuilt():
    """None is missing from the list that a rebuild empties and fills; the log's own tables are not on it."""
    names = {row.__tablename__ for row in PROJECTIONS}
    assert names == set(SQLModel.metadata.tables) - {"log", "source", "lease"}


def test_every_queried_table_leads_back_to_the_log_and_keeps_the_record():
    """A position and a record stand in each."""
    for row in PROJECTIONS:
        assert {"position", "record"} <= set(table_of(row).columns.keys())
