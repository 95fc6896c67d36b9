"""`campaign check` and `labs check`."""

import json
from pathlib import Path

import pytest

from lab_agents.cli import main

ROOT = Path(__file__).parents[4]


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


def test_a_good_campaign_is_told_in_two_lines(capsys):
    assert call("campaign", "check", ROOT / "examples" / "opv_blend.yaml") == 0
    shown = capsys.readouterr().out
    assert "good. opv_blend in opv_replay: minimize degradation" in shown
    assert "1020 candidates" in shown


def test_a_good_campaign_is_told_to_programs(capsys):
    assert call("campaign", "check", ROOT / "examples" / "opv_blend.yaml", "--json") == 0
    assert json.loads(capsys.readouterr().out)["plan"]["budget"]["samples"] == 60


def test_a_campaign_without_its_table_says_where_to_get_one(capsys):
    assert call("campaign", "check", ROOT / "examples" / "replay_table.yaml") == 3
    assert "crossed_barrel is in PV-Lab/Benchmarking" in capsys.readouterr().err


@pytest.mark.parametrize("lab", ["opv_replay", "table_replay"])
def test_every_laboratory_that_comes_along_is_good(lab, capsys):
    assert call("labs", "check", lab) == 0
    shown = capsys.readouterr().out
    assert "6 instruments" in shown
    assert "MEND" not in shown


def test_a_laboratory_with_problems_has_its_own_exit_code(tmp_path, capsys):
    text = (ROOT / "deployment" / "labs" / "opv_replay.yaml").read_text()
    (tmp_path / "lab.yaml").write_text(text[: text.index("simulation:")])
    assert call("labs", "check", tmp_path / "lab.yaml", "--json") == 3
    assert "port 0" in json.loads(capsys.readouterr().out)["instruments"][0]["problems"][0]


def test_an_unknown_laboratory_is_refused_with_those_that_are_known(capsys):
    assert call("labs", "check", "nowhere") == 3
    assert "opv_replay" in capsys.readouterr().err
