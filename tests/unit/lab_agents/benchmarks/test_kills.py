"""A night that does not begin, and what is found left over."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from lab_agents.benchmarks.kills import BadNight, end_left, is_listening, left_over, see_through
from lab_agents.errors import GuardError


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


async def test_what_is_left_of_a_laboratory_is_ended(tmp_path: Path) -> None:
    """By its open files; nobody else is struck."""
    state = tmp_path / "state"
    state.mkdir()
    with (state / "held").open("w") as held, (state / "read").open("w"):
        process = await asyncio.create_subprocess_exec("sleep", "60", stdout=held)
        await asyncio.to_thread(end_left, state)
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("gives_up", [True, False])
async def test_a_laboratory_does_not_outlive_the_command_that_was_waited_for(tmp_path: Path, *, gives_up: bool) -> None:
    """Neither where the wait is given up, nor where the command fails and leaves its processes behind."""
    state = tmp_path / "state"
    state.mkdir()
    with (state / "held").open("w") as held:
        process = await asyncio.create_subprocess_exec("sleep", "60" if gives_up else "0.1", stdout=held)
        left = await asyncio.create_subprocess_exec("sleep", "60", stdout=held)
    waiting = asyncio.create_task(see_through(process, state))
    if gives_up:
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        assert await waiting == 0
    assert process.returncode is not None
    assert await left.wait() == -signal.SIGKILL
