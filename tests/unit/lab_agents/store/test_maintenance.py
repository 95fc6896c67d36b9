import sqlite3
from contextlib import closing

import pytest

from lab_agents.errors import StoreError
from lab_agents.store.maintenance import rebuild_store
from lab_agents.store.reader import StoreReader


def test_a_damaged_queried_table_is_made_again(book):
    """The log is untouched."""
    with closing(sqlite3.connect(book.path)) as database, database:
        database.execute("UPDATE sample SET place = 'moon'")
        database.execute("DELETE FROM work")
    database.close()
    assert rebuild_store(book.path) == book.writer.position
    with StoreReader(book.path) as reader:
        assert {sample.place for sample in reader.samples()} == {"rack_1"}
        assert len(reader.work()) == 4


def test_an_entry_that_cannot_be_read_leaves_the_tables_as_they_were(book):
    """All or nothing."""
    with closing(sqlite3.connect(book.path)) as database, database:
        database.execute("UPDATE log SET entry = CAST('{}' AS BLOB) WHERE position = 50")
    database.close()
    with pytest.raises(StoreError, match="position 50"):
        rebuild_store(book.path)
    with StoreReader(book.path) as reader:
        assert len(reader.samples()) == 2


def test_a_missing_store_is_refused_and_not_made(tmp_path):
    """A slip in the path makes no new store."""
    with pytest.raises(StoreError, match="There is no store"):
        rebuild_store(tmp_path / "store.sqlite")
    assert list(tmp_path.iterdir()) == []
