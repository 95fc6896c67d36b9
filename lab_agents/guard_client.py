"""Talking to the guards of a laboratory: finding, starting, watching, asking them."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from instruments.lab import read_laboratory
from lab_agents.bus.broker import choose_port
from lab_agents.children import Household, assembly
from lab_agents.errors import GuardError, SilentGuardError
from lab_agents.guard_door import Report, ask, ask_once, find_guard, guard_status
from lab_agents.messages.frames import GuardStatus, StopRequest
from lab_agents.processes import identity, kill_and_wait, wait_gone
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder, read_json
from lab_agents.stop_report import DRILL
from lab_agents.stop_request import Stop, StopAnswer

GONE_WITHIN = 10.0
"""Wall seconds that a guard takes at most from its last answer to its end."""
LOOK_AGAIN = 0.05
"""Wall seconds between two looks for a guard that is starting."""


async def start_guard(
    folder: StateFolder, machine: str, *, command: list[str] | None = None, settings: Settings = DEFAULT
) -> int:
    """Start the guard of a machine, in a session of its own, unless one lives; return once it answers.

    A guard that takes a question and stays silent for 5 s is killed, and another one started.

    Args:
        folder: The state folder, with its lab file.
        machine: This machine's name.
        command: Another command line, for tests.
        settings: Times.

    Returns:
        Its process id.

    Raises:
        GuardError: If it ends or does not answer; with the last lines of its log.
    """
    default = [sys.executable, "-m", "lab_agents.guard_process", "--state", str(folder.path), "--machine", machine]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + settings.starting
    started: int | None = None
    pid: int | None = None
    while loop.time() < deadline:
        before, pid = pid, find_guard(folder, machine)
        if started is not None and _reap(started):
            if pid is None and before in (None, started):
                break
            # Somebody was quicker: another guard, or a stop that holds its place until everything is safe.
            started = None
        if pid is None and started is None:
            started = _spawn(command or default, folder)
        try:
            return int((await guard_status(folder, machine, settings=settings))["status"]["pid"])
        except SilentGuardError:
            await _end_silent(pid or 0)
        except GuardError:
            # Its door is not open yet.
            await asyncio.sleep(LOOK_AGAIN)
    log = folder.log("guard")
    raise GuardError(f"The guard of {machine} did not start. The end of {log}:\n{await asyncio.to_thread(_tail, log)}")


def _spawn(command: list[str], folder: StateFolder) -> int:
    log, flags = str(folder.log("guard")), os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    # No Popen object: the guard outlives whoever started it.
    return os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)


async def _end_silent(pid: int) -> None:
    name = identity(pid)
    if name is not None:
        await kill_and_wait(pid, name)
    _reap(pid)


def _reap(pid: int) -> bool:
    with suppress(ChildProcessError):
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    return identity(pid) is None


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


async def rearm(folder: StateFolder, machine: str, *, stop: str, person: str, reason: str) -> GuardStatus:
    """Lift a stop, so that instruments may start again, and return how the machine stands then.

    Raises:
        GuardError: If no guard lives, that stop is not in force, or person or reason are missing.
    """
    answer = await ask_once(folder, machine, {"do": "rearm", "stop": stop, "person": person, "reason": reason})
    return GuardStatus.model_validate_json(json.dumps(answer["status"]))


def request_rearm(state: Path, stop: str, *, person: str, reason: str, machine: str | None = None) -> GuardStatus:
    """See `rearm`; for programs without an event loop. The machine is the lab file's first one if not given."""
    folder = StateFolder.open(state)
    machine = machine or read_laboratory(folder.lab_file).machines[0]
    return asyncio.run(rearm(folder, machine, stop=stop, person=person, reason=reason))


def request_stop(
    state: Path,
    *,
    person: str,
    reason: str,
    machine: str | None = None,
    within: float | None = None,
    is_drill: bool = False,
) -> StopAnswer:
    """Stop every machine of a laboratory in all ways at once; for programs without an event loop.

    Args:
        state: The state folder.
        person: Who asks.
        reason: Why.
        machine: The machine this runs on; the lab file's first one if not given.
        within: Give up on silent machines after so many wall seconds; None repeats until every guard has answered.
        is_drill: Whether it is an exercise: the same in everything but its name.
    """
    folder = StateFolder.open(state)
    laboratory = read_laboratory(folder.lab_file)
    request = StopRequest(
        id=f"{DRILL if is_drill else 'stop-'}{uuid4()}", person=person, reason=reason, at=datetime.now(UTC)
    )
    kept = read_json(folder.runtime) if folder.runtime.exists() else {}
    household = Household(
        laboratory,
        machine or laboratory.machines[0],
        folder,
        assembly(folder),
        broker_port=None,
        repeater_port=int(kept.get("repeater_port", 0)) or choose_port(),
    )
    broker = laboratory.broker or kept.get("broker")
    return asyncio.run(Stop(household, request, broker).everywhere(within))


async def shutdown(folder: StateFolder, machine: str, *, mode: str = "drain", report: Report | None = None) -> None:
    """End a machine's processes: `drain` finishes what cannot be interrupted, `now` does not wait for it.

    Args:
        folder: The state folder.
        machine: The machine.
        mode: `drain` or `now`.
        report: Given `{"draining": text}` whenever what is waited for changes.

    Raises:
        GuardError: If no guard lives, or somebody called the end off (`detach`).
    """
    pid = find_guard(folder, machine) or 0
    name = identity(pid)
    await ask_once(folder, machine, {"do": "shutdown", "mode": mode}, report)
    if name is not None:
        await wait_gone(pid, name, within=GONE_WITHIN)


async def detach(folder: StateFolder, machine: str) -> None:
    """Call an orderly end off: the laboratory goes on.

    Raises:
        GuardError: If no guard lives, or it is too late.
    """
    await ask_once(folder, machine, {"do": "detach"})


async def hold(folder: StateFolder, machine: str, *, child: str, person: str, reason: str) -> None:
    """Kill a child and keep it from starting until it is released.

    Raises:
        GuardError: If no guard lives or it has no such child.
    """
    await ask_once(folder, machine, {"do": "hold", "child": child, "person": person, "reason": reason})


async def release(folder: StateFolder, machine: str, *, child: str) -> None:
    """Let a held child start again.

    Raises:
        GuardError: If no guard lives or it has no such child.
    """
    await ask_once(folder, machine, {"do": "release", "child": child})


async def watch_guard(
    folder: StateFolder, machine: str, *, settings: Settings = DEFAULT, command: list[str] | None = None
) -> None:
    """Stay with the guard of this machine: one that ends is started again, one silent for 5 s is killed first.

    Returns when the guard has ended in order.

    Raises:
        GuardError: If it cannot be started.
    """
    while True:
        pid = await start_guard(folder, machine, command=command, settings=settings)
        with suppress(GuardError):
            if await _listen(folder, machine, settings):
                return
        # Dead, or frozen: its children must be gone before the next one begins.
        await _end_silent(pid)


async def _listen(folder: StateFolder, machine: str, settings: Settings) -> bool:
    """Whether the guard said that it ends in order; False where it fell silent."""
    lines = ask(folder, machine, {"do": "watch"})
    while True:
        try:
            async with asyncio.timeout(settings.kill):
                line = await anext(lines)
        except (TimeoutError, StopAsyncIteration):
            return False
        if "ok" in line:
            return True
