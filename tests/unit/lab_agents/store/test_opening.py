import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lab_agents.errors import StoreError
from lab_agents.store.opening import open_read_only, snapshot


def test_one_snapshot_sees_one_state_of_the_store(book):
    """Although the recorder commits between two queries."""
    engine = open_read_only(book.path)
    count = text("SELECT count(*) FROM source")
    with snapshot(engine, book.path) as connection:
        before = connection.execute(count).scalar_one()
        with closing(sqlite3.connect(book.path)) as other, other:
            other.execute("INSERT INTO source VALUES ('late', 1, 0, 1)")
        other.close()
        assert connection.execute(count).scalar_one() == before
    with snapshot(engine, book.path) as connection:
        assert connection.execute(count).scalar_one() == before + 1


def test_nothing_can_be_written(written):
    """SQLite refuses it, whatever the code asks for."""
    engine = open_read_only(written / "store.sqlite")
    with engine.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM log"))


def test_a_path_with_odd_characters_is_opened(tmp_path, written):
    """Question marks and blanks mean something in an address of SQLite."""
    folder = tmp_path / "a b?c#d%"
    folder.mkdir()
    path = folder / "store.sqlite"
    path.write_bytes((written / "store.sqlite").read_bytes())
    with snapshot(open_read_only(path), path) as connection:
        assert connection.execute(text("SELECT count(*) FROM log")).scalar_one() == 57


def test_a_missing_file_is_refused_and_not_made(tmp_path):
    """A reader leaves nothing behind."""
    with pytest.raises(StoreError, match="There is no store"):
        open_read_only(tmp_path / "store.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_what_the_database_says_becomes_a_sentence(written):
    """A query on a table that is not there."""
    path = written / "store.sqlite"
    with pytest.raises(StoreError, match="no such table"), snapshot(open_read_only(path), path) as connection:
        connection.execute(text("SELECT * FROM nowhere"))
