"""The units that hold drills: systemd's timer starts the service, whose command line is one that we understand."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from lab_agents.cli import main
from lab_agents.cli.exits import Exit
from tests.told_campaign import tell_campaign, write_state

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deployment" / "systemd"


def unit(kind: str) -> ConfigParser:
    """One of the two units."""
    parsed = ConfigParser(interpolation=None)
    parsed.optionxform = str
    parsed.read_string((UNITS / f"lab-agents-drill@.{kind}").read_text())
    return parsed


def test_the_service_asks_whether_a_drill_is_due_and_takes_an_open_campaign_for_no_failure(tmp_path, capsys):
    folder = write_state(tmp_path / "state", tell_campaign(8, failing=None)[:-2])
    folder.lab_file.write_bytes(folder.lab_file.read_bytes() + b"\ndrills: {every: 7 d, person: ada}\n")
    service = unit("service")["Service"]
    _, *arguments = service["ExecStart"].replace("%f", str(folder.path)).split()
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == int(service["SuccessExitStatus"]) == Exit.OVERDUE
    assert "drill OVERDUE" in capsys.readouterr().out


def test_the_timer_belongs_to_the_service_of_its_name_and_forgets_no_morning():
    timer = unit("timer")["Timer"]
    assert "Unit" not in timer
    assert timer["Persistent"] == "true"


def test_the_page_names_both_units():
    page = (ROOT / "docs" / "stop.md").read_text()
    for path in UNITS.iterdir():
        assert path.name in page
