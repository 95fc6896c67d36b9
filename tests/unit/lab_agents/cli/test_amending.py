"""Amendments as they are typed."""

import pytest

from lab_agents.agents.film_recipe import FilmRecipe
from lab_agents.cli import main
from lab_agents.cli.amending import read_amendment, tell_under_way
from lab_agents.messages.commands import AmendWork
from lab_agents.messages.entry import read_entry
from lab_agents.messages.frames import unpack_frame
from lab_agents.messages.work import ReservationMade, ReservationReleased, ReservationRequested
from lab_agents.records.amendment import RepeatStep, SetArgument, UseLine
from tests.film_lab import film, film_laboratory
from tests.told_campaign import Telling, example, write_state
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


def test_work_under_way_is_told_with_what_may_be_amended(tmp_path):
    """A film is being mixed: its anneal may be repeated, and what was released is not told."""
    recipe = FilmRecipe().prepare("line_a", film_laboratory(), film()).recipe
    told = Telling(example())
    told.open()
    for name in ("make-1", "make-2"):
        request = ReservationRequested(work=name, sample="f", service="robot", needs=recipe.needs, recipe=recipe)
        told.add(request, "line_a")
        told.add(ReservationMade(work=name, sample="f", holder="line_a", places={"vial": "vial_a"}), "robot")
    told.add(ReservationReleased(work="make-2", places=()), "line_a")
    folder = write_state(tmp_path / "state", told.log)
    first, spin, to_plate, anneal, shelve = tell_under_way(folder.path)
    assert first == "make-1: mix has its turn"
    assert spin.startswith("  spin: speed=")
    assert (to_plate, shelve) == ("  to_plate", "  shelve")
    assert anneal.startswith("  anneal (may be repeated): temperature=")
