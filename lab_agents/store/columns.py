"""Column types and small statements that every table of the store shares."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic_core import to_json
from sqlalchemy import DateTime, Table, Update, bindparam, inspect, update
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
    """The core table of a row class: the recorder writes by core statements, without a session that tracks objects."""
    table = inspect(row).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is no table")
    return table


def put(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or replace these columns of the row with the same key: an entry projected twice equals once."""
    connection.execute(_upsert(connection.dialect.name, table, tuple(values)), bounded(values))


def put_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already is left as it is."""
    connection.execute(_insert_new(connection.dialect.name, table), [bounded(row) for row in rows])


def change(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Set columns of every row whose columns equal `key`."""
    statement = _update(table, tuple(key), tuple(values))
    connection.execute(statement, {f"old_{k}": v for k, v in key.items()} | bounded(values))


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with every integer small enough for a database column."""
    return {k: min(v, LARGEST) if isinstance(v, int) else v for k, v in values.items()}


# Building a statement costs more than running it, and there are few different ones.


@lru_cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> sqlite.Insert:
    keys = [column.name for column in table.primary_key]
    statement = _insert(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


@lru_cache
def _insert_new(dialect: str, table: Table) -> sqlite.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@lru_cache
def _update(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Update:
    statement = update(table).values({name: bindparam(name) for name in names})
    for name in key:
        statement = statement.where(table.c[name] == bindparam(f"old_{name}"))
    return statement


def _insert(dialect: str, table: Table) -> sqlite.Insert:
    if dialect == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))  # the two have the same methods, but no common class
    return sqlite.insert(table)


def to_json_column(record: Record) -> dict[str, Any]:
    """What a JSON column keeps of a record."""
    return record.model_dump(mode="json")


def from_json_column(model: type[R], value: object) -> R:
    """The record that a JSON column keeps; validated again, strictly."""
    return model.model_validate_json(to_json(value))
