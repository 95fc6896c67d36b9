"""Amendments as they are typed."""

import pytest

from lab_agents.cli import main
from lab_agents.cli.amending import read_amendment
from lab_agents.messages.commands import AmendWork
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import unpack_frame
from lab_agents.records.amendment import RepeatStep, SetArgument, UseLine
from tests.unit.lab_agents.cli.test_people import folder

__all__ = ["folder"]


def test_what_is_typed_is_a_typed_change():
    assert read_amendment("anneal", None, None) == RepeatStep(step="anneal")
    assert read_amendment(None, None, "line_b") == UseLine(line="line_b")
    assert read_amendment(None, "anneal.duration=900", None) == SetArgument(
        step="anneal", argument="duration", value=900.0
    )
    assert read_amendment(None, "mix.volumes=a:1.00", None) == SetArgument(
        step="mix", argument="volumes", value="a:1.00"
    )
    assert read_amendment(None, None, None) is None


@pytest.mark.parametrize("typed", ["anneal", "anneal.duration", "duration=9", "anneal.duration="])
def test_what_is_not_written_so_is_refused_with_an_example(typed):
    with pytest.raises(ValueError, match=r"is not written as STEP.ARGUMENT=VALUE, for instance"):
        read_amendment(None, typed, None)


def test_an_amendment_is_kept_until_the_laboratory_answers(folder, capsys):
    with pytest.raises(SystemExit) as left:
        main(["amend", "w-1", "--repeat", "anneal", "--reason", "wet", "--person", "Ada", "--state", str(folder.path)])
    assert left.value.code == 5
    (path,) = folder.once.glob("*.frame")
    said = read_entry(unpack_frame(path.read_bytes())[1]).record
    assert said == AmendWork(work="w-1", amendment=RepeatStep(step="anneal"), person="Ada", reason="wet")
    assert "is kept" in capsys.readouterr().err


def test_one_change_at_a_time(folder, capsys):
    with pytest.raises(SystemExit) as left:
        main(["amend", "w-1", "--repeat", "anneal", "--line", "line_b", "--reason", "r", "--state", str(folder.path)])
    assert left.value.code == 2
    assert "give one of" in capsys.readouterr().err
