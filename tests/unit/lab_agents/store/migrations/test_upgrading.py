import sqlite3
from contextlib import closing

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lab_agents.store import migrations
from lab_agents.store.migrations.upgrading import upgrade
from lab_agents.store.projections import project
from lab_agents.store.reader import StoreReader
from lab_agents.store.schema import METADATA, MODELS, REVISION
from lab_agents.store.writer import LogWriter, connect


def test_the_migrated_tables_are_those_of_the_models(tmp_path):
    """Columns, types, keys and indexes, as Alembic compares them."""
    path = tmp_path / "store.sqlite"
    upgrade(path)
    engine = connect(path)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def schema_of(path):
    """Every table's columns, keys and indexes, as SQLite tells them."""
    with closing(sqlite3.connect(path)) as database, database:
        names = sorted(row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
        columns = {name: database.execute(f"PRAGMA table_info({name})").fetchall() for name in names}
        indexes = {name: sorted(row[1:4] for row in database.execute(f"PRAGMA index_list({name})")) for name in names}
    database.close()
    return columns, indexes


def test_a_new_store_and_a_migrated_one_are_the_same(tmp_path):
    """The short way for a new store ends where every revision one after the other ends."""
    upgrade(tmp_path / "migrated.sqlite")
    LogWriter(tmp_path / "new.sqlite", "toy", project).close()
    assert schema_of(tmp_path / "migrated.sqlite") == schema_of(tmp_path / "new.sqlite")


def test_the_newest_revision_is_the_one_that_stores_are_checked_against():
    """Two places name it, because opening a store must not import Alembic."""
    assert ScriptDirectory(migrations.__path__[0]).get_current_head() == REVISION


def test_every_model_is_in_the_metadata_that_is_compared():
    """And nothing else is."""
    assert {model.__tablename__ for model in MODELS} == set(METADATA.tables)


def test_upgrading_twice_changes_nothing(tmp_path):
    """A migrated store is opened as any other."""
    path = tmp_path / "store.sqlite"
    upgrade(path)
    before = schema_of(path)
    upgrade(path)
    assert schema_of(path) == before
    LogWriter(path, "toy", project).close()
    with StoreReader(path) as reader:
        assert reader.head()[0] == 0
