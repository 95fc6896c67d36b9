import sqlite3
from contextlib import closing

import pytest

from lab_agents.errors import StoreError
from lab_agents.store.maintenance import compare_projections, copy_store, rebuild_store
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


def test_a_copy_is_the_store_of_one_instant(book, tmp_path):
    """Beside a recorder that goes on."""
    copy_store(book.path, tmp_path / "copy.sqlite")
    with StoreReader(tmp_path / "copy.sqlite") as reader:
        assert reader.head() == (book.writer.position, book.writer.chain)
        assert reader.verify_chain().faults == ()
    with pytest.raises(StoreError, match="cannot be copied"):
        copy_store(book.path, tmp_path / "none" / "copy.sqlite")


def test_tables_made_by_the_log_are_told_from_others(book):
    """Row by row, at most three of a table by name."""
    assert list(compare_projections(book.path)) == []
    with closing(sqlite3.connect(book.path)) as store:
        store.execute("UPDATE act SET plan = 'other'")
        store.execute("DELETE FROM model")
        store.commit()
    faults = list(compare_projections(book.path))
    assert any("table model" in one and "is missing" in one for one in faults)
    assert sum("table act" in one and "differs" in one for one in faults) == 3
    assert any("rows more" in one for one in faults)


def test_a_row_of_an_older_version_may_lack_what_that_did_not_know(book):
    """And nothing else."""
    with closing(sqlite3.connect(book.path)) as store:
        store.execute("UPDATE sample SET record = json_remove(record, '$.asked')")
        store.commit()
    assert list(compare_projections(book.path))
    assert list(compare_projections(book.path, is_older=True)) == []
    with closing(sqlite3.connect(book.path)) as store:
        store.execute("UPDATE sample SET place = 'elsewhere'")
        store.commit()
    assert list(compare_projections(book.path, is_older=True))
