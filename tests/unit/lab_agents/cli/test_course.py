"""`run` and `resume`, up to where a laboratory would start."""

from pathlib import Path

import pytest

from lab_agents.cli import main
from lab_agents.state_folder import locked
from tests.told_campaign import tell_campaign, write_state

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "examples" / "opv_blend.yaml"


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return left.value.code


@pytest.fixture
def busy(tmp_path):
    """A state folder whose campaign runs, with another seed than the example's."""
    log = tell_campaign(4, failing=None)[:-2]
    return write_state(tmp_path / "busy", log)


def test_another_campaign_on_a_busy_state_is_refused_with_both_names(busy, capsys):
    assert call("run", EXAMPLE, "--seed", "99", "--state", busy.path) == 4
    shown = capsys.readouterr().err
    assert shown.count("opv_blend (content ") == 2
    assert "lab-agents abort" in shown


def test_a_state_of_another_laboratory_is_refused(busy, tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("n,theta,r,t,toughness\n6,0,1.5,0.7,1\n12,200,2.5,1.4,2\n")
    assert call("run", ROOT / "examples" / "replay_table.yaml", "--table", table, "--state", busy.path) == 4
    assert "belongs to the laboratory 'opv_replay'" in capsys.readouterr().err


def test_a_folder_that_holds_other_things_is_refused(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("")
    assert call("run", EXAMPLE, "--state", tmp_path) == 4
    assert "holds other things (thesis.tex)" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_bad_campaign_touches_no_folder(tmp_path, capsys):
    file = tmp_path / "bad.yaml"
    file.write_text(EXAMPLE.read_text().replace("samples: 60", "samples: 2"))
    assert call("run", file, "--state", tmp_path / "state") == 3
    assert not (tmp_path / "state").exists()
    assert "line 19" in capsys.readouterr().err


def test_resume_without_an_open_campaign_says_how_to_start_one(tmp_path, capsys):
    state = write_state(tmp_path / "done", tell_campaign(4, failing=None)).path
    assert call("resume", "--state", state) == 0
    assert f"lab-agents run FILE --state {state}" in capsys.readouterr().out


def test_ending_what_does_not_run_is_refused(busy, capsys):
    assert call("end", "--state", busy.path) == 5
    assert "No guard of main answers" in capsys.readouterr().err


def test_resume_names_processes_that_nobody_needs(tmp_path, capsys):
    folder = write_state(tmp_path / "done", tell_campaign(4, failing=None))
    with locked(folder.guard("main") / "lock"):
        assert call("resume", "--state", folder.path) == 0
    assert "End them: lab-agents end" in capsys.readouterr().out


def test_resume_of_nothing_is_refused(tmp_path, capsys):
    assert call("resume", "--state", tmp_path) == 4
    assert "is no state folder" in capsys.readouterr().err
