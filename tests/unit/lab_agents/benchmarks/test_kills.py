"""Whom a bad night strikes, and what it finds left over."""

import os
import socket
from collections import Counter
from pathlib import Path

import pytest

from lab_agents.benchmarks.kills import CHILDREN, COMMAND, GUARD, BadNight, Blow, is_listening, left_over, plan_blows
from lab_agents.errors import GuardError


def test_every_kind_of_process_is_killed_as_often_as_asked() -> None:
    """Guard and submitting command included; recorder, guard and a line are frozen too."""
    for each in (1, 2):
        blows = Counter(plan_blows(1, each))
        assert all(blows[Blow("kill", name)] == each for name in (*CHILDREN, GUARD, COMMAND))
        assert {blow.name for blow in blows if blow.how == "freeze"} == {"recorder", GUARD, "line_a"}
    assert sum(Counter(plan_blows(1)).values()) >= 20


def test_the_order_comes_from_the_seed() -> None:
    """A night can be had again."""
    assert plan_blows(1) == plan_blows(1)
    assert plan_blows(1) != plan_blows(2)
    assert Counter(plan_blows(1)) == Counter(plan_blows(2))


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
