"""`stop` and `rearm` where nothing runs: the machine is latched all the same, and nothing is called safe."""

import json

import pytest

from lab_agents.cli import main
from lab_agents.state_folder import StateFolder
from tests.told_campaign import example


@pytest.fixture
def folder(tmp_path):
    return StateFolder.create(tmp_path / "state", "opv_replay", example().lab_path.read_bytes())


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


def stop(folder, *arguments):
    return call("stop", "--reason", "smoke", "--person", "Ada", "--within", "1", "--state", folder.path, *arguments)


def test_a_stop_that_reaches_no_instrument_latches_and_says_what_is_not_safe(folder, capsys):
    assert stop(folder, "--json") == 8
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert answer["id"] in (folder.guard("main") / "latch.json").read_text()
    assert "Go and look" in shown.err


def test_a_stop_tells_how_to_re_arm(folder, capsys):
    stop(folder)
    assert "Re-arm with: lab-agents rearm stop-" in capsys.readouterr().out


def test_a_stop_needs_its_reason(folder, capsys):
    assert call("stop", "--state", folder.path) == 2
    assert "--reason" in capsys.readouterr().err


def test_re_arming_without_a_guard_is_refused(folder, capsys):
    assert call("rearm", "stop-1", "--reason", "safe", "--person", "Ada", "--state", folder.path) == 5
    assert "lab-agents resume" in capsys.readouterr().err


def test_a_drill_without_a_guard_is_refused_and_latches_nothing(folder, capsys):
    assert call("drill", "--person", "Ada", "--state", folder.path) == 5
    assert "lab-agents resume" in capsys.readouterr().err
    assert not (folder.guard("main") / "latch.json").exists()


def test_what_a_stop_did_is_told_afterwards(folder, capsys):
    stop(folder)
    capsys.readouterr()
    assert call("stops", "--state", folder.path) == 0
    told = capsys.readouterr().out
    assert ("by Ada: smoke" in told, "no write acknowledged; " in told) == (True, True)


def test_without_any_stop_there_is_nothing_to_tell(folder, capsys):
    assert call("stops", "--state", folder.path) == 0
    assert "no stop and no drill yet" in capsys.readouterr().out
