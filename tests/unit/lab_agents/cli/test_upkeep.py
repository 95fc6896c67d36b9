"""`lab-agents gc`, `rebuild` and `credentials`: what they say, and how they end."""

import json

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.cli import main
from lab_agents.state_folder import locked
from tests.logbook import LogBook
from tests.told_campaign import tell_campaign, write_state
from tests.toy_machine import toy_folder


@pytest.fixture
def folder(tmp_path):
    folder = toy_folder(tmp_path)
    DirectoryBlobs(folder.blobs).put(b"young")
    return folder


def left_with(arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return left.value.code


def test_it_says_how_many_and_how_large(folder, capsys):
    assert left_with(["gc", "--state", str(folder.path)]) == 0
    assert "0 blobs deleted" in capsys.readouterr().out
    assert left_with(["gc", "--state", str(folder.path), "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["deleted"], answer["n_young"], answer["young_bytes"]) == (False, 1, 5)


def test_a_laboratory_that_runs_ends_it_with_the_code_of_a_busy_state(folder, capsys):
    with locked(folder.guard("main") / "lock"):
        assert left_with(["gc", "--state", str(folder.path)]) == 4
    assert "End it with: lab-agents end" in capsys.readouterr().err


def test_the_tables_are_made_anew(tmp_path, capsys):
    state = write_state(tmp_path / "state", tell_campaign(1)).path
    assert left_with(["rebuild", "--state", str(state)]) == 0
    assert "made anew from" in capsys.readouterr().out


def test_credentials_are_made_where_it_is_said_and_nothing_secret_is_printed(tmp_path, capsys):
    assert left_with(["credentials", "opv_replay"]) == 3
    assert "give --out" in capsys.readouterr().err
    assert left_with(["credentials", "opv_replay", "--out", str(tmp_path / "c"), "--host", "lab-pc"]) == 0
    told = capsys.readouterr().out
    assert "made ca.crt" in told
    assert (tmp_path / "c" / "guard_main.secret").read_text().strip() not in told
    assert left_with(["credentials", "opv_replay", "--out", str(tmp_path / "c"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["made"] == []


def test_a_backup_is_made_verified_and_restored(tmp_path, capsys):
    state = write_state(tmp_path / "state", tell_campaign(1)).path
    # The told log names raw data that no blob holds, which is what a verification is for.
    assert left_with(["backup", str(tmp_path / "b"), "--state", str(state), "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["is_whole"] is False
    assert left_with(["restore", str(tmp_path / "b"), "--state", str(tmp_path / "new")]) == 4
    assert "lab-agents verify" in capsys.readouterr().err


def test_a_restored_folder_is_named_with_the_way_on(folder, tmp_path, capsys):
    LogBook(folder.path).close()
    assert left_with(["backup", str(tmp_path / "b"), "--state", str(folder.path)]) == 0
    assert left_with(["restore", str(tmp_path / "b"), "--state", str(tmp_path / "new")]) == 0
    assert f"Go on with: lab-agents resume --state {tmp_path / 'new'}" in capsys.readouterr().out
