"""`status`, `report`, `replay`, `audit` and `verify` on a state folder."""

import json

import pytest

from lab_agents.cli import main
from tests.told_campaign import tell_campaign, write_state


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return write_state(tmp_path_factory.mktemp("told") / "state", tell_campaign(12, failing=5)).path


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


def test_status_tells_people_and_programs(state, capsys):
    assert call("status", "--state", state) == 0
    assert "guard unattended: lab-agents resume" in capsys.readouterr().out
    assert call("status", "--state", state, "--json") == 0
    assert json.loads(capsys.readouterr().out)["campaign"]["observed"] == 11


def test_report_says_where_it_is(state, tmp_path, capsys):
    assert call("report", state, "--out", tmp_path, "--json") == 0
    written = json.loads(capsys.readouterr().out)
    places = {"page": str(tmp_path / "index.html"), "samples": str(tmp_path / "samples.csv")}
    assert written == {**places, "stops": [], "unreported_stops": []}


def test_an_audit_that_finds_something_has_its_own_exit_code(state, capsys):
    # The told log names raw data that no blob holds.
    assert call("audit", state) == 7
    assert "blobs" in capsys.readouterr().out


def test_verify_ends_with_the_code_of_a_difference(state, capsys):
    assert call("verify", state, "--json") == 7
    told = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in told["checks"] if check["findings"]] == ["blobs"]


@pytest.mark.parametrize("command", ["report", "replay", "audit", "verify"])
def test_a_folder_that_is_no_state_is_refused(command, tmp_path, capsys):
    assert call(command, tmp_path) == 4
    assert "is no state folder" in capsys.readouterr().err


def test_an_unknown_campaign_is_refused(state, capsys):
    assert call("report", state, "--campaign", "other") == 10
    assert "Known are opv_blend" in capsys.readouterr().err
