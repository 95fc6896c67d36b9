"""Which state folder a command means."""

import pytest

from lab_agents.cli.states import existing_state, is_state, state_for
from lab_agents.errors import StateFolderError


def make(path):
    path.mkdir(parents=True)
    (path / "lab.json").write_text("{}")
    return path


def test_a_laboratory_has_its_own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert state_for(None, "opv") == tmp_path / "lab-state" / "opv"
    assert state_for(tmp_path / "x", "opv") == tmp_path / "x"


def test_the_only_folder_is_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "lab-state" / "opv")
    assert existing_state(None) == tmp_path / "lab-state" / "opv"


def test_one_of_several_must_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "lab-state" / "one")
    make(tmp_path / "lab-state" / "two")
    with pytest.raises(StateFolderError, match=r"lab-state/one, lab-state/two.*--state"):
        existing_state(None)


def test_no_folder_at_all_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StateFolderError, match="--state DIR"):
        existing_state(None)


def test_a_folder_without_identity_is_no_state(tmp_path):
    assert not is_state(tmp_path)
    with pytest.raises(StateFolderError, match="lab-agents run FILE --state"):
        existing_state(tmp_path)
