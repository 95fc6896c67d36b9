"""`lab-agents chaos` before its night begins."""

from pathlib import Path

import pytest

from lab_agents.chaos.faults import FAULTS
from lab_agents.cli.app import main
from lab_agents.cli.chaos import fresh_folder
from lab_agents.cli.exits import Exit


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code and words of a call."""
    with pytest.raises(SystemExit) as left:
        main(["chaos", *arguments])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_all_faults_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With what they do."""
    code, out, _ = said(capsys, "list")
    assert code == Exit.OK
    assert [line.partition(":")[0] for line in out.splitlines()] == list(FAULTS)


def test_a_plan_that_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a campaign file is."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("name: night\ncampaign: opv_blend.yaml\nfaults: [{fault: hail}]\n")
    code, _, errors = said(capsys, str(plan))
    assert code == Exit.DECLARATION
    assert "line 3" in errors
    assert "hail" in errors


def test_a_folder_of_an_earlier_night_is_never_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next number is."""
    monkeypatch.chdir(tmp_path)
    assert fresh_folder(None, "night").name == "night-1"
    (tmp_path / "lab-state" / "night-1").mkdir(parents=True)
    assert fresh_folder(None, "night") == tmp_path / "lab-state" / "night-2"
    assert fresh_folder(tmp_path / "mine", "night") == tmp_path / "mine"
