import json
import sqlite3
import threading
from contextlib import closing

import pytest

from lab_agents.backup import EPOCHS_APART, back_up, restore
from lab_agents.errors import StateFolderError
from lab_agents.messages.life import AgentStarted, EntryRefused
from lab_agents.state_folder import StateFolder, read_json
from lab_agents.store.reader import StoreReader
from lab_agents.store.sealing import seals_of
from lab_agents.store.seals import read_seals
from lab_agents.store.writer import LogWriter, SourceState
from lab_agents.verifying import verify_state
from tests.logbook import LogBook
from tests.toy_machine import toy_folder


@pytest.fixture
def lab(tmp_path):
    """A laboratory's folder with an open log of one entry that names a blob, and a ledger."""
    folder = toy_folder(tmp_path / "lab")
    book = LogBook(folder.path)
    write(book, 0)
    (folder.simulator / "ledger.jsonl").write_text('{"number": 1}\n{"numb')
    with closing(sqlite3.connect(folder.simulator / "world.sqlite")) as world:
        world.execute("CREATE TABLE facts (name, value)")
    yield folder, book
    book.close()


def write(book, number: int) -> None:
    """A blob, then the entry that names it, as the recorder does."""
    raw = book.blobs.put(f"blob {number}".encode())
    book.add(
        "recorder", EntryRefused(source="line", sequence=number, reason="r", raw=raw), entry_id=f"recorder/{number}"
    )


def test_a_backup_is_whole_by_itself(lab, tmp_path):
    """Store, seals, blobs, and what stands for the hardware, without the line that is being written."""
    folder, book = lab
    made = back_up(folder.path, tmp_path / "backup")
    assert made.is_whole
    assert (made.head, made.n_blobs, made.chain) == (book.writer.position, 1, book.writer.chain)
    assert "verified" in made.to_text()
    copy = StateFolder(tmp_path / "backup")
    assert (copy.simulator / "ledger.jsonl").read_text() == '{"number": 1}\n'
    assert (copy.simulator / "world.sqlite").exists()
    assert not (copy.path / "journals").exists()


def test_a_backup_taken_while_the_log_grows_names_no_blob_that_it_lacks(lab, tmp_path):
    """Several, each beside a recorder that writes all the time."""
    folder, book = lab
    ending = threading.Event()

    def go_on() -> None:
        number = 1
        while not ending.is_set():
            write(book, number)
            number += 1

    writing = threading.Thread(target=go_on)
    writing.start()
    try:
        made = [back_up(folder.path, tmp_path / f"backup{number}") for number in range(3)]
    finally:
        ending.set()
        writing.join()
    assert all(one.is_whole for one in made)
    assert made[0].head <= made[1].head <= made[2].head
    for number, one in enumerate(made):
        last = read_seals(seals_of(tmp_path / f"backup{number}" / "store.sqlite"))[-1]
        assert last.position == one.head


def test_a_restored_folder_goes_on_where_the_backup_ends(lab, tmp_path):
    """The same log under the same identity, with epochs that no instrument has seen."""
    folder, book = lab
    book.writer.give_epoch("line", SourceState(7, 6, 3))
    back_up(folder.path, tmp_path / "backup")
    write(book, 1)
    restored = restore(tmp_path / "backup", tmp_path / "new")
    assert restored.head == book.writer.position - 1
    new = StateFolder.open(tmp_path / "new")
    assert read_json(new.guard("main") / "counter.json")["epoch"] > 7 + EPOCHS_APART
    assert new.mark != folder.mark
    writer = LogWriter(new.store, "toy", lambda _connection, _logged: None)
    assert (writer.log, writer.position) == (book.writer.log, restored.head)
    assert writer.sources()["line"] == SourceState(7, 6, 3)
    writer.close()
    report = verify_state(new.path)
    assert report.agrees
    assert report.doubts == ()


def test_commands_that_wait_are_sent_by_the_restored_laboratory(lab, tmp_path):
    """A frame that is not yet known to stand in the log."""
    folder, _ = lab
    (folder.once / "once-1.frame").write_bytes(b"{}\n{}")
    back_up(folder.path, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "new")
    assert (tmp_path / "new" / "once" / "once-1.frame").read_bytes() == b"{}\n{}"


def test_a_stop_in_force_is_in_force_in_the_restored_laboratory(lab, tmp_path):
    """A latch is no memory that may be lost."""
    folder, _ = lab
    folder.guard("main").mkdir(parents=True, exist_ok=True)
    (folder.guard("main") / "latch.json").write_text(json.dumps({"stops": [], "rearms": []}))
    back_up(folder.path, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "new")
    assert (tmp_path / "new" / "guard" / "main" / "latch.json").exists()


def test_nothing_is_written_over(lab, tmp_path):
    """Neither by a backup nor by what is made from it."""
    folder, _ = lab
    back_up(folder.path, tmp_path / "backup")
    for target in (folder.path, tmp_path / "backup"):
        with pytest.raises(StateFolderError, match="is not empty"):
            back_up(folder.path, target)
        with pytest.raises(StateFolderError, match="is not empty"):
            restore(tmp_path / "backup", target)


def test_a_backup_that_was_changed_is_not_restored(lab, tmp_path):
    """One that lacks a blob, or is none."""
    folder, book = lab
    back_up(folder.path, tmp_path / "backup")
    with StoreReader(book.path) as reader:
        (logged,) = reader.entries(("EntryRefused",))
    address = logged.entry.record.raw
    (tmp_path / "backup" / "blobs" / address[:2] / address).unlink()
    with pytest.raises(StateFolderError, match="was changed or is not whole"):
        restore(tmp_path / "backup", tmp_path / "new")
    with pytest.raises(StateFolderError, match="is no backup"):
        restore(folder.path, tmp_path / "new")


def test_nothing_runs_in_a_backup(lab, tmp_path):
    """It would no longer be one."""
    folder, book = lab
    back_up(folder.path, tmp_path / "backup")
    with pytest.raises(StateFolderError, match="lab-agents restore"):
        StateFolder.open(tmp_path / "backup")
    book.add("line", AgentStarted(agent="line", epoch=1, version="1"))
    with pytest.raises(StateFolderError, match="lab-agents restore"):
        back_up(tmp_path / "backup", tmp_path / "again")
