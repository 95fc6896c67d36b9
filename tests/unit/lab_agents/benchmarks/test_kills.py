"""Whom a bad night strikes, and what it finds left over."""

import asyncio
import os
import signal
import socket
from collections import Counter
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.benchmarks.kills import (
    COMMAND,
    GUARD,
    BadNight,
    end_left,
    is_listening,
    kinds_of,
    left_over,
    plan_blows,
    volleys,
)
from lab_agents.errors import GuardError
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


def test_a_process_that_holds_a_file_of_the_state_is_left_over(tmp_path: Path) -> None:
    """It is named with its id; one that holds a file of another folder is not."""
    state = tmp_path / "state"
    state.mkdir()
    assert left_over(state) == []
    with (tmp_path / "state-of-others").open("w"):
        assert left_over(state) == []
    with (state / "journal").open("w"):
        (found,) = left_over(state)
    assert found.endswith(f"({os.getpid()})")


async def test_a_night_whose_laboratory_does_not_start_says_where_to_look(tmp_path: Path) -> None:
    """The command's own words are in its output."""
    night = BadNight(tmp_path / "missing.yaml", tmp_path / "state", [], 1)
    with pytest.raises(GuardError, match=r"did not start; see .*state\.out"):
        await night.run()
    assert "missing.yaml" in (tmp_path / "state.out").read_text()


async def test_a_dead_workers_socket_does_not_listen(tmp_path: Path) -> None:
    """Its file is still there; only a new process answers behind it."""
    path = tmp_path / "w.sock"
    assert not is_listening(path)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        assert is_listening(path)
    assert path.exists()
    assert not is_listening(path)


def test_blows_of_one_volley_strike_different_processes() -> None:
    """In their order, at most so many at once, and none is left out."""
    blows = plan_blows(FILMS, 1, 4)
    grouped = list(volleys(blows, 3))
    assert [blow for volley in grouped for blow in volley] == blows
    assert all(len({blow.name for blow in volley}) == len(volley) <= 3 for volley in grouped)
    assert list(volleys(blows, 1)) == [[blow] for blow in blows]


async def test_what_is_left_of_a_laboratory_is_ended(tmp_path: Path) -> None:
    """By its open files; nobody else is struck."""
    state = tmp_path / "state"
    state.mkdir()
    with (state / "held").open("w") as held:
        process = await asyncio.create_subprocess_exec("sleep", "60", stdout=held)
    await asyncio.to_thread(end_left, state)
    assert await process.wait() == -signal.SIGKILL
