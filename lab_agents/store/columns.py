"""Column types and small statements that every table of the store shares."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from pydantic_core import to_json
from sqlalchemy import DateTime, Table, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from lab_agents.records.base import Record

R = TypeVar("R", bound=Record)

LARGEST = 2**31 - 1
"""A larger integer passes JSON but not every database's column, where it would stop the recorder."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so the zone is taken off on the way in and put back on the way out."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC, without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no zone; instants in the store are aware")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant, aware."""
        return None if value is None else value.replace(tzinfo=UTC)


def table_of(row: type[SQLModel]) -> Table:
    """The core table of a row class; core statements cost a tenth of an ORM flush."""
    table = inspect(row).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is no table")
    return table


def put(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or replace these columns of the row with the same key: an entry projected twice equals once."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in values if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), bounded(values))


def put_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already is left as it is."""
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), [bounded(row) for row in rows])


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with every integer small enough for a database column."""
    return {k: min(v, LARGEST) if isinstance(v, int) else v for k, v in values.items()}


def _insert(connection: Connection, table: Table) -> sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))  # the two have the same methods, but no common class
    return sqlite.insert(table)


def to_json_column(record: Record) -> dict[str, Any]:
    """What a JSON column keeps of a record."""
    return record.model_dump(mode="json")


def from_json_column(model: type[R], value: object) -> R:
    """The record that a JSON column keeps; validated again, strictly."""
    return model.model_validate_json(to_json(value))
