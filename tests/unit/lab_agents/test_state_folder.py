import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.errors import StateFolderError
from lab_agents.state_folder import StateFolder, lock_holder, locked, read_json, write_atomically, write_json


def test_a_new_folder_keeps_the_lab_file_and_opens_again(tmp_path):
    made = StateFolder.create(tmp_path / "new" / "state", "opv", b"name: opv\n")
    assert made.lab_file.read_bytes() == b"name: opv\n"
    assert made.lab == "opv"
    assert StateFolder.open(made.path) == made
    assert StateFolder.create(made.path, "opv", b"name: opv\n") == made


def test_an_old_folder_keeps_the_lab_file_that_its_processes_have_read(tmp_path):
    StateFolder.create(tmp_path, "opv", b"old")
    folder = StateFolder.create(tmp_path, "opv", b"new")
    assert folder.lab_file.read_bytes() == b"old"
    folder.replace_lab_file(b"new")
    assert folder.lab_file.read_bytes() == b"new"


def test_another_laboratorys_folder_is_refused_with_both_names(tmp_path):
    StateFolder.create(tmp_path, "opv", b"")
    with pytest.raises(StateFolderError, match="belongs to the laboratory 'opv', not to 'oer'"):
        StateFolder.create(tmp_path, "oer", b"")


def test_another_format_is_refused_with_the_version_that_wrote_it(tmp_path):
    folder = StateFolder.create(tmp_path, "opv", b"")
    write_json(folder.identity, {"format": 7, "lab": "opv", "version": "9.9"})
    with pytest.raises(StateFolderError, match=r"state format 7, written by version 9\.9"):
        StateFolder.open(tmp_path)


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StateFolderError, match=r"holds other things \(thesis\.tex\)"):
        StateFolder.create(tmp_path, "opv", b"")


def test_a_creation_that_was_killed_is_taken_up(tmp_path):
    (tmp_path / "blobs").mkdir()
    (tmp_path / "lab.yaml").write_text("old")
    assert StateFolder.create(tmp_path, "opv", b"new").lab_file.read_bytes() == b"new"


def test_a_file_where_a_folder_should_be_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StateFolderError, match="is not a folder"):
        StateFolder.create(tmp_path / "state", "opv", b"")


def test_what_is_no_state_folder_does_not_open(tmp_path):
    with pytest.raises(StateFolderError, match=r"has no lab\.json"):
        StateFolder.open(tmp_path)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "is on a full disk"), (errno.EROFS, "is on a read-only disk")]
)
def test_a_disk_that_takes_nothing_is_named(tmp_path, monkeypatch, number, words):
    folder = StateFolder.create(tmp_path, "opv", b"")

    def refuse(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StateFolderError, match=words):
        StateFolder.create(tmp_path, "opv", b"")
    monkeypatch.undo()
    assert [p.name for p in tmp_path.glob(".probe*")] == []
    folder.check_writable()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())))
def test_json_comes_back_as_it_was_written(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert read_json(path) == value


def test_a_write_that_fails_leaves_the_old_bytes_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "counter.json"
    write_atomically(path, b"old")

    def refuse(descriptor):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{", "[1]", "\xff"])
def test_a_broken_file_is_named(tmp_path, text):
    path = tmp_path / "runtime.json"
    path.write_text(text)
    with pytest.raises(StateFolderError, match=r"runtime\.json"):
        read_json(path)


def test_a_lock_has_one_holder_whose_process_is_named(tmp_path):
    path = tmp_path / "guard" / "lock"
    assert lock_holder(path) is None
    with locked(path):
        assert lock_holder(path) == os.getpid()
        with pytest.raises(StateFolderError, match=f"is held by process {os.getpid()}"), locked(path):
            pass
    assert lock_holder(path) is None
    with locked(path):
        pass
