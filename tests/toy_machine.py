"""One machine whose processes are tiny: a lab file, a child that only beats, a guard over them; all of them real."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from instruments.lab import read_laboratory
from lab_agents.child import ChildPlan, Spawn
from lab_agents.children import Household
from lab_agents.control import Json
from lab_agents.guard import Guard
from lab_agents.guard_client import shutdown, start_guard
from lab_agents.guard_door import guard_status
from lab_agents.remains import Remains
from lab_agents.settings import Settings
from lab_agents.state_folder import StateFolder

LAB_FILE = """\
name: toy
agents:
  line: {role: synthesis, instruments: [coater]}
instruments:
  coater:
    driver: modbus_coater
    address: "modbus://127.0.0.1:PORT?unit=1"
    limits: {speed: {lower: 100.0, upper: 6000.0, unit: 1/min}, duration: {lower: 1.0, upper: 300.0, unit: s}}
    safe_state: [{signal: halt, value: 1.0, read_back: status, expected: 0.0}]
"""
"""One line with one coater; what every laboratory needs is added by the reader."""

BEATING = """\
import asyncio, sys
from lab_agents.beat import Beat
from lab_agents.settings import Settings
async def main():
    pipes = [int(sys.argv[sys.argv.index(name) + 1]) for name in ("--up", "--down")]
    async with Beat(*pipes, settings=Settings(beat=0.05)):
        print("beating", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""

GUARDING = """\
import asyncio, logging, sys
from pathlib import Path
from instruments.lab import read_laboratory
from lab_agents.guard_process import guard_machine
from lab_agents.state_folder import StateFolder, locked
logging.basicConfig(level=logging.INFO)
folder = StateFolder.open(Path(sys.argv[1]))
def program(role, name):
    return [sys.executable, sys.argv[2], role, name]
with locked(folder.guard("main") / "lock", within=2.0):
    asyncio.run(guard_machine(folder, read_laboratory(folder.lab_file), "main", program))
"""

QUICK = Settings(beat=0.05, safe_for=0.2, backoff=0.05)
"""Looks often and waits little; what judges a silence keeps its length, because a busy machine is no frozen one."""


def wide_folder(path: Path, n: int) -> StateFolder:
    """A state folder of a laboratory with `n` coaters, all driven by one line; nobody answers for any of them."""
    names = [f"coater_{i}" for i in range(1, n + 1)]
    coater = LAB_FILE.replace("PORT", "1").partition("  coater:\n")[2]
    instruments = "".join(f"  {name}:\n{coater}" for name in names)
    agents = f"agents:\n  line: {{role: synthesis, instruments: [{', '.join(names)}]}}\n"
    return StateFolder.create(path / "state", "toy", f"name: toy\n{agents}instruments:\n{instruments}".encode())


def toy_folder(path: Path, *, port: int = 1) -> StateFolder:
    """A state folder of the toy laboratory, whose coater is said to listen on `port`."""
    return StateFolder.create(path / "state", "toy", LAB_FILE.replace("PORT", str(port)).encode())


def toy_household(folder: StateFolder, *, settings: Settings = QUICK) -> Household:
    """The toy's one machine; nothing of it is started."""
    laboratory = read_laboratory(folder.lab_file)
    return Household(
        laboratory, "main", folder, lambda role, name: [sys.executable, "-c", role, name], None, 5065, settings
    )


def guarding(folder: StateFolder) -> list[str]:
    """The command line of a guard whose children only beat."""
    child, guard = folder.path.parent / "child.py", folder.path.parent / "guarding.py"
    child.write_text(BEATING)
    guard.write_text(GUARDING)
    return [sys.executable, str(guard), str(folder.path), str(child)]


@asynccontextmanager
async def guarded(folder: StateFolder) -> AsyncIterator[int]:
    """A living guard of the toy's machine, by its process id; ended with all its children."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
    pid = await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder))
    try:
        yield pid
    finally:
        await shutdown(folder, "main", mode="now")


async def until(folder: StateFolder, is_reached: Callable[[Json], object], *, within: float = 60.0) -> Any:
    """Ask the guard until its status makes `is_reached` true; return what that said."""
    last: Json = {}
    try:
        async with asyncio.timeout(within):
            while True:
                last = (await guard_status(folder, "main"))["status"]
                if found := is_reached(last):
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {json.dumps(last)}") from None


async def beating(folder: StateFolder, name: str) -> None:
    """Return when the child has begun to beat: from then on its silence counts."""
    async with asyncio.timeout(60):
        while "beating" not in await asyncio.to_thread(folder.log(name).read_text):
            await asyncio.sleep(0.02)


def plan(folder: StateFolder, name: str, program: str = BEATING, **others: Any) -> ChildPlan:
    """A child that runs a small program."""

    def command(spawn: Spawn) -> list[str]:
        pipes = [] if spawn.up is None else ["--up", str(spawn.up), "--down", str(spawn.down)]
        return [sys.executable, "-c", program, *pipes]

    return ChildPlan(others.pop("role", "synthesis"), name, command, folder.log(name), **others)


@asynccontextmanager
async def watched(
    household: Household, *plans: ChildPlan, remains: Remains | None = None, **others: Any
) -> AsyncIterator[Guard]:
    """A guard in this process, over these children; they are killed at the end."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)

    def make() -> Guard:
        household.folder.guard("main").mkdir(parents=True, exist_ok=True)
        return Guard(household, remains, plans=plans, **others)

    guard = await asyncio.to_thread(make)
    watching = asyncio.create_task(guard.watch())
    try:
        yield guard
    finally:
        guard.is_ending = True
        for child in guard.children.values():
            child.send(signal.SIGKILL)
        await watching


async def reached(condition: Callable[[], object], *, within: float = 60.0) -> bool:
    """Wait until the condition holds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)
    return True


def another(name: str, pid: int) -> Callable[[Json], object]:
    """Whether the child has another process than `pid`."""
    return lambda status: status["children"].get(name) not in (pid, None) and status["children"][name]
