"""Whom a bad night strikes."""

from collections import Counter
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.benchmarks.blows import COMMAND, GUARD, kinds_of, plan_blows, volleys
from lab_agents.records.laboratory import Laboratory

REPLAY, FILMS = (read_laboratory(find_laboratory(name, Path())) for name in ("opv_replay", "thin_film"))


@pytest.mark.parametrize("laboratory", [REPLAY, FILMS], ids=lambda laboratory: laboratory.name)
@pytest.mark.parametrize("each", [1, 2, 5])
def test_every_kind_of_process_is_killed_as_often_as_asked(laboratory: Laboratory, each: int) -> None:
    """Guard and submitting command included; recorder, guard and a line are frozen too."""
    blows = plan_blows(laboratory, 1, each)
    kills = Counter(blow.name for blow in blows if blow.how == "kill")
    kinds = kinds_of(laboratory)
    assert {sum(kills[name] for name in names) for names in kinds.values()} == {each}
    assert {GUARD, COMMAND} <= set(kinds)
    assert sum(kills.values()) >= 20 or each == 1
    frozen = {blow.name for blow in blows if blow.how == "freeze"}
    assert frozen - set(kinds["synthesis"]) == {"recorder", GUARD}
    assert len(frozen) == 3
    assert not [b for b in plan_blows(laboratory, 1, each, freezes=False) if b.how == "freeze"]


def test_all_processes_but_the_simulated_hardware_are_of_some_kind() -> None:
    """Stations are of one kind, and take their turns."""
    kinds = kinds_of(FILMS)
    assert set(kinds["characterization"]) == {"spectrometer", "diffractometer", "soaker", "prober"}
    assert set(FILMS.agents) <= {name for names in kinds.values() for name in names}
    assert "simulator" not in kinds
    struck = {blow.name for blow in plan_blows(FILMS, 3, 4)}
    assert set(kinds["characterization"]) <= struck


def test_the_order_comes_from_the_seed() -> None:
    """A night can be had again."""
    assert plan_blows(FILMS, 1) == plan_blows(FILMS, 1)
    assert plan_blows(FILMS, 1) != plan_blows(FILMS, 2)


def test_blows_of_one_volley_strike_different_processes() -> None:
    """In their order, at most so many at once, and none is left out."""
    blows = plan_blows(FILMS, 1, 4)
    grouped = list(volleys(blows, 3))
    assert [blow for volley in grouped for blow in volley] == blows
    assert all(len({blow.name for blow in volley}) == len(volley) <= 3 for volley in grouped)
    assert list(volleys(blows, 1)) == [[blow] for blow in blows]
