from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from lab_agents.records.bid import Bid
from lab_agents.store.columns import LARGEST, _upsert, bounded, from_json_column, put, put_new, table_of, to_json_column
from lab_agents.store.projection_tables import TaskRow, TicketRow
from lab_agents.store.schema import METADATA
from tests.small_campaign import MAKING, START

TICKET = table_of(TicketRow)
ROW = {"ticket": "t", "position": 1, "subject": "s", "severity": "note", "opened_at": START, "record": {}}


@pytest.fixture
def connection():
    """A database in memory with every table."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        METADATA.create_all(connection)
        yield connection
    engine.dispose()


def test_an_instant_comes_back_aware_and_in_utc(connection):
    """Whatever zone it went in with."""
    there = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    connection.execute(insert(TICKET), ROW | {"opened_at": there})
    found = connection.execute(select(TICKET.c.opened_at)).scalar_one()
    assert found == there
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(connection):
    """It could mean any hour of the day."""
    with pytest.raises(StatementError, match="has no zone"):
        connection.execute(insert(TICKET), ROW | {"opened_at": datetime(2026, 1, 1)})  # noqa: DTZ001


def test_putting_a_row_twice_replaces_its_columns(connection):
    """The columns that are not given stay."""
    put(connection, TICKET, ROW | {"answer": "yes"})
    put(connection, TICKET, ROW | {"subject": "other"})
    row = connection.execute(select(TICKET)).one()
    assert (row.subject, row.answer) == ("other", "yes")


def test_putting_a_new_row_leaves_one_that_is_there(connection):
    """Several at once."""
    put_new(connection, TICKET, [ROW, ROW | {"ticket": "u"}])
    put_new(connection, TICKET, [ROW | {"subject": "other"}])
    assert connection.execute(select(TICKET.c.subject)).scalars().all() == ["s", "s"]


def test_integers_are_bounded_and_nothing_else_is():
    """What no column holds is cut, the record keeps it."""
    assert bounded({"a": 2**80, "b": "text", "c": 1.5, "d": None}) == {"a": LARGEST, "b": "text", "c": 1.5, "d": None}


def test_a_record_survives_its_json_column():
    """Nested records, times and mappings."""
    bid = Bid(
        work="w",
        round=1,
        bidder="line",
        recipe=MAKING,
        start_at=START,
        end_at=START,
        chance=0.1 + 0.2,
        valid_until=START,
        consumables={"ink": 1.25},
    )
    assert from_json_column(Bid, to_json_column(bid)) == bid


def test_a_row_class_without_a_table_is_refused():
    """Only tables have core tables."""
    with pytest.raises(Exception, match="SQLModel"):
        table_of(SQLModel)
    assert table_of(TaskRow).name == "task"


def test_the_same_statement_is_made_for_postgresql():
    """A laboratory that outgrows SQLite keeps its projections."""
    text = str(_upsert("postgresql", TICKET, ("ticket", "subject")).compile(dialect=postgresql.dialect()))
    assert "ON CONFLICT (ticket) DO UPDATE SET subject = excluded.subject" in text
