import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from lab_agents.errors import StoreError
from lab_agents.store.projections import project
from lab_agents.store.reader import StoreReader
from lab_agents.store.schema import REVISION, find_revision
from lab_agents.store.writer import LogWriter, connect


@pytest.fixture
def path(tmp_path):
    """A store that a recorder has opened once."""
    path = tmp_path / "store.sqlite"
    LogWriter(path, "toy", project).close()
    return path


def stamp(path, revision):
    """Pretend that another version wrote the store."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_a_new_store_is_stamped_with_the_newest_revision(path):
    """So that a later version knows what it finds."""
    engine = connect(path)
    with engine.connect() as connection:
        assert find_revision(connection) == REVISION
    engine.dispose()


def test_a_store_of_a_newer_version_is_refused_by_reader_and_writer(path):
    """Saying which revision it has and what to install."""
    stamp(path, "9999")
    with pytest.raises(StoreError, match=r"9999.*Install the version"):
        StoreReader(path)
    with pytest.raises(StoreError, match=r"9999.*Install the version"):
        LogWriter(path, "toy", project)


def test_a_reader_refuses_an_older_store_and_says_who_migrates_it(path):
    """A reader never changes a store."""
    stamp(path, "0000")
    with pytest.raises(StoreError, match="lab-agents resume"):
        StoreReader(path)


def test_the_database_of_another_program_is_refused(tmp_path):
    """Its tables stay as they are."""
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="not one of Lab Agents"):
        LogWriter(path, "toy", project)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """Before anything is written to it."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is a text, not a database" * 100)
    with pytest.raises(StoreError, match="is no database"):
        LogWriter(path, "toy", project)


def test_opening_a_store_does_not_import_alembic():
    """It would cost every process that opens the store 0.1 s of processor time."""
    code = "import sys, lab_agents.store.writer, lab_agents.store.reader; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
