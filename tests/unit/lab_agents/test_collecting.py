"""Garbage among the blobs: only what nothing names goes, and only while nothing can name it."""

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.auditing.evidence import gather
from lab_agents.blobs import DirectoryBlobs, Kept
from lab_agents.collecting import YOUNG, collect, find_named, sort_blobs
from lab_agents.errors import StateFolderError, StoreError
from lab_agents.journal import Journal
from lab_agents.messages.entry import Entry
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.records.ticket import Trouble
from lab_agents.state_folder import StateFolder, locked
from lab_agents.store.reader import StoreReader
from tests.logbook import START, LogBook
from tests.small_campaign import write_campaign
from tests.toy_machine import toy_folder

LATER = time.time() + 2 * YOUNG


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A state folder with one whole campaign."""
    folder = toy_folder(tmp_path_factory.mktemp("written"))
    write_campaign(LogBook(folder.path)).close()
    return folder


@pytest.fixture
def folder(written, tmp_path):
    shutil.copytree(written.path, tmp_path / "state")
    return StateFolder.open(tmp_path / "state")


def blobs_in(folder):
    return DirectoryBlobs(folder.blobs)


def addresses(folder):
    return {one.address for one in blobs_in(folder).kept()}


def test_what_the_log_names_stays_and_the_rest_goes(folder):
    named = addresses(folder)
    garbage = blobs_in(folder).put(b"from a process that was killed before it said so")
    found = collect(folder.path, now=LATER)
    assert addresses(folder) == named
    assert garbage not in named
    assert (found.n_unnamed, found.unnamed_bytes, found.n_named) == (1, 48, len(named))
    assert found.to_text().startswith("1 blobs deleted, which nothing names: 48 bytes")


def test_everything_that_an_audit_asks_for_is_named(folder):
    """Two programs that read the log by their own rules agree."""
    with closing(sqlite3.connect(folder.store)) as store, store:
        n_entries = store.execute("SELECT count(*) FROM log").fetchone()[0]
    with StoreReader(folder.store) as reader:
        evidence = gather(reader.sealed())
    assert n_entries > 20
    assert set(evidence.blobs) <= find_named(folder, blobs_in(folder))


def test_asking_first_deletes_nothing(folder):
    blobs_in(folder).put(b"garbage")
    before = addresses(folder)
    found = collect(folder.path, is_dry=True, now=LATER)
    assert addresses(folder) == before
    assert (found.deleted, found.n_unnamed) == (False, 1)
    assert "1 blobs would be deleted" in found.to_text()


def test_what_is_young_stays_because_something_may_yet_name_it(folder):
    young = blobs_in(folder).put(b"whose entry is not written yet")
    found = collect(folder.path)
    assert young in addresses(folder)
    assert (found.n_young, found.n_unnamed) == (1, 0)
    assert "because they are young" in found.to_text()
    path = blobs_in(folder).path(young)
    os.utime(path, (time.time() - YOUNG - 1,) * 2)
    assert collect(folder.path).n_unnamed == 1


def test_several_machines_keep_what_is_young_for_longer(folder):
    """A journal of a machine that is cut off may name it, and does not stand here."""
    folder.lab_file.write_text("machines: [main, other]\n" + folder.lab_file.read_text())
    blobs_in(folder).put(b"named on another machine")
    assert collect(folder.path, now=LATER).n_young == 1


@pytest.mark.parametrize("where", ["outbox", "refused", "ticket", "frame", "blob"])
def test_what_is_named_from_anywhere_stays(folder, where):
    """Raw bytes that were refused, dead letters in a ticket, what was not said yet, what a kept blob names."""
    blobs = blobs_in(folder)
    address = blobs.put(b"precious")
    if where == "blob":
        address_of_naming = blobs.put(json.dumps({"model": address}).encode())
        _name_in_log(folder, address_of_naming)
    elif where == "refused":
        _add(folder, "recorder", EntryRefused(source="line", sequence=9, reason="no", raw=address))
    elif where == "ticket":
        _name_in_log(folder, address)
    elif where == "frame":
        (folder.once / "once-1.frame").write_bytes(b"{}\n" + address.encode())
    else:
        _promise(folder, address)
    assert collect(folder.path, now=LATER).n_unnamed == 0
    assert blobs.get(address) == b"precious"


def _name_in_log(folder, address):
    _add(folder, "line", TroubleMet(trouble=Trouble(what="x", evidence={"last": address})))


def _add(folder, source, body):
    book = LogBook(folder.path)
    # A source of its own, whose sequences begin at 1.
    book.add(f"{source}_again", body, cause=book.writer.position)
    book.close()


def _promise(folder, address):
    journal = Journal(folder.journal("line"), "line")
    body = TroubleMet(trouble=Trouble(what="x", evidence={"last": address}))
    entry = Entry(id="line/1/0", kind="TroubleMet", schema_version=1, at=START, subject="line", record=body)
    with journal.transaction() as writing:
        writing.add_outbox(entry)
    journal.close()


@pytest.mark.parametrize("lock", ["guard/main/lock", "store.lock"])
def test_a_laboratory_that_runs_is_left_alone(folder, lock):
    garbage = blobs_in(folder).put(b"garbage")
    with locked(folder.path / lock):
        with pytest.raises(StateFolderError, match=r"runs .*lab-agents end --state .*--dry-run"):
            collect(folder.path, now=LATER)
        assert collect(folder.path, is_dry=True, now=LATER).n_unnamed == 1
    assert garbage in addresses(folder)


def test_a_damaged_log_names_nothing_for_sure(folder):
    """Deleting what it seems not to name would make the damage final."""
    with closing(sqlite3.connect(folder.store)) as store, store:
        store.execute("UPDATE log SET entry = replace(CAST(entry AS TEXT), 'toy', 'tov') WHERE position = 3")
    before = addresses(folder)
    with pytest.raises(StoreError, match="is damaged"):
        collect(folder.path, now=LATER)
    assert addresses(folder) == before


def test_an_emptied_log_names_nothing_for_sure(folder):
    """It may have been lost; every blob that it named would be deleted."""
    folder.store.write_bytes(b"")
    for path in folder.path.glob("store.sqlite-*"):
        path.unlink()
    before = addresses(folder)
    with pytest.raises(StoreError, match="is empty"):
        collect(folder.path, now=LATER)
    assert addresses(folder) == before != set()


def test_a_journal_that_cannot_be_read_is_no_empty_one(folder):
    folder.journal("line").write_bytes(b"no database at all, but long enough to be one" * 20)
    with pytest.raises(StateFolderError, match="cannot be read"):
        collect(folder.path, now=LATER)


def test_a_folder_without_a_log_has_only_garbage(tmp_path):
    folder = toy_folder(tmp_path)
    blobs_in(folder).put(b"of a campaign that was refused")
    assert collect(folder.path, now=LATER).n_unnamed == 1


KEPT = st.builds(Kept, address=st.integers(0, 9).map(lambda n: f"{n}" * 64), size=st.integers(0, 9), at=st.floats(0, 9))


@given(kept=st.lists(KEPT, unique_by=lambda k: k.address).map(tuple), named=st.sets(KEPT.map(lambda k: k.address)))
def test_each_blob_is_named_or_young_or_neither(kept, named):
    found = sort_blobs(kept, frozenset(named), 5.0)
    assert sorted((*found.named, *found.young, *found.unnamed), key=repr) == sorted(kept, key=repr)
    assert {one.address for one in found.unnamed}.isdisjoint(named)
    assert all(one.at <= 5.0 for one in found.unnamed)


def test_a_collection_at_another_place_takes_from_there(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    folder = toy_folder(tmp_path)
    folder.lab_file.write_text(f"blobs: file://{elsewhere}\n" + folder.lab_file.read_text())
    place = DirectoryBlobs(Path(elsewhere / folder.mark))
    place.put(b"garbage")
    neighbour = DirectoryBlobs(elsewhere / "toy-of-another-folder")
    neighbour.put(b"garbage of others")
    assert collect(folder.path, now=LATER).n_unnamed == 1
    assert list(place.kept()) == []
    assert len(list(neighbour.kept())) == 1
