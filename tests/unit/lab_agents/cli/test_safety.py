"""`stop`, `drill` and `rearm`: a machine where nothing runs is latched all the same, and nothing is called safe."""

import asyncio
import json

import pytest

from lab_agents.cli import main
from lab_agents.messages.frames import InstrumentState
from lab_agents.state_folder import StateFolder
from lab_agents.stop_report import InstrumentStop, StopReport, keep_report
from tests.told_campaign import example, tell_campaign, write_state
from tests.toy_machine import guarded, toy_folder, until
from tests.unattended import stop_request

DRILLS = b"\ndrills: {every: 7 d, person: grace}\n"


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


def test_a_report_that_cannot_be_read_hides_no_other(folder, capsys):
    stop(folder)
    (folder.guard("main") / "stops" / "broken.json").write_text("{")
    capsys.readouterr()
    assert call("stops", "--state", folder.path) == 4
    told = capsys.readouterr()
    assert "by Ada: smoke" in told.out
    assert "broken.json is no report of a stop" in told.err


def test_without_any_stop_there_is_nothing_to_tell(folder, capsys):
    assert call("stops", "--state", folder.path) == 0
    assert "no stop and no drill yet" in capsys.readouterr().out


def drilled(folder):
    """What a guard keeps of a drill that passed just now."""
    stop = stop_request("drill-1")
    at = {"heard_at": stop.at, "latched_at": stop.at, "killed_at": stop.at}
    safe = InstrumentStop(written_at=stop.at, state=InstrumentState(state="safe at", at=stop.at))
    place = folder.guard("main")
    place.mkdir(parents=True, exist_ok=True)
    keep_report(place, StopReport(stop=stop, machine="main", **at, instruments={"oven": safe}))


def asking(folder):
    """Let its lab file ask for drills."""
    folder.lab_file.write_bytes(folder.lab_file.read_bytes() + DRILLS)
    return folder


def test_whether_a_drill_is_due_cannot_be_said_where_the_lab_file_asks_for_none(folder, capsys):
    assert call("drill", "--if-due", "--state", folder.path) == 3
    assert "drills: {every: 7 d, person: NAME}" in capsys.readouterr().err


def test_a_drill_that_is_not_due_is_not_held(folder, capsys):
    drilled(asking(folder))
    assert call("drill", "--if-due", "--state", folder.path) == 0
    assert capsys.readouterr().out.startswith("no drill due before ")
    assert call("drill", "--if-due", "--json", "--state", folder.path) == 0
    assert json.loads(capsys.readouterr().out)["drill"]["is_due"] is False


def test_a_drill_that_is_due_while_a_campaign_is_open_is_told_and_not_held(tmp_path, capsys):
    folder = asking(write_state(tmp_path / "open", tell_campaign(8, failing=None)[:-2]))
    assert call("drill", "--if-due", "--state", folder.path) == 9
    told = capsys.readouterr().out
    assert ("drill OVERDUE" in told, "because the campaign opv_blend is open" in told) == (True, True)
    assert not (folder.guard("main") / "latch.json").exists()


def test_a_drill_is_refused_while_a_campaign_is_open(tmp_path, capsys):
    folder = write_state(tmp_path / "open", tell_campaign(8, failing=None)[:-2])
    assert call("drill", "--person", "Ada", "--state", folder.path) == 5
    assert "Nothing was drilled" in capsys.readouterr().err
    assert not (folder.guard("main") / "latch.json").exists()


async def test_a_drill_that_finds_an_instrument_unreachable_re_arms_nothing(tmp_path, capsys):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    await asyncio.to_thread(asking, folder)
    async with guarded(folder):
        await until(folder, lambda status: len(status["children"]) == 8)
        assert await asyncio.to_thread(call, "drill", "--if-due", "--state", folder.path) == 8
        latched = await until(folder, lambda status: status["latched"])
    shown = capsys.readouterr()
    assert "coater: no write acknowledged; unreachable" in shown.out
    assert "by grace: a drill" in shown.out, "the lab file's person answers for it"
    assert f"Nothing was re-armed: lab-agents rearm {latched}" in shown.err
