"""What a person says to a laboratory: each command writes its entry down before it is sent."""

import pytest

from lab_agents.cli import main, submitting
from lab_agents.messages.commands import (
    AbortCampaign,
    AnswerTicket,
    EntryVoided,
    PauseCampaign,
    ResumeCampaign,
    RetractObservation,
)
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import unpack_frame
from lab_agents.state_folder import write_json
from tests.told_campaign import tell_campaign, write_state


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = write_state(tmp_path / "state", tell_campaign(4, failing=None)[:-1])
    write_json(folder.runtime, {"broker": "mqtt://127.0.0.1:9"})
    monkeypatch.setattr(submitting, "REACH", 0.1)
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["answer", "t-1", "done"], AnswerTicket(ticket="t-1", answer="done", person="Ada")),
        (["abort", "--reason", "enough"], AbortCampaign(person="Ada", reason="enough")),
        (["pause"], PauseCampaign(person="Ada")),
        (["pause", "--at-once", "--reason", "fire"], PauseCampaign(person="Ada", reason="fire", at_once=True)),
        (["continue"], ResumeCampaign(person="Ada")),
        (
            ["retract", "m-1", "--reason", "lamp off"],
            RetractObservation(measurement="m-1", person="Ada", reason="lamp off"),
        ),
        (["log", "void", "7", "--reason", "bad"], EntryVoided(position=7, person="Ada", reason="bad")),
    ],
)
def test_what_was_said_is_kept_until_the_laboratory_answers(folder, arguments, said, capsys):
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--person", "Ada", "--state", str(folder.path)])
    assert left.value.code == 5
    assert "is kept, and sent when it runs again" in capsys.readouterr().err
    (path,) = folder.once.glob("*.frame")
    entry = read_entry(unpack_frame(path.read_bytes())[1])
    assert entry.record == said
    if arguments[0] in ("abort", "pause", "continue"):
        assert entry.campaign == "opv_blend"


def test_an_abort_needs_its_reason(folder, capsys):
    with pytest.raises(SystemExit) as left:
        main(["abort", "--state", str(folder.path)])
    assert left.value.code == 2
    assert "--reason" in capsys.readouterr().err


def test_a_journal_is_put_aside_and_named(folder, capsys):
    folder.journal("line_a").write_bytes(b"x")
    with pytest.raises(SystemExit) as left:
        main(["log", "adopt", "line_a", "--person", "Ada", "--state", str(folder.path)])
    assert left.value.code == 0
    assert "line_a.before-" in capsys.readouterr().out
