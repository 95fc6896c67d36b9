"""A campaign through real processes that are killed and frozen, again and again: how soon does each work again?"""

import asyncio
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from instruments.lab import read_laboratory
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.errors import GuardError
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder, read_json

TOO_LONG = 60.0
"""Wall seconds after which something does not work again by itself."""
FROZEN = 7.0
"""Wall seconds that a frozen process stays so: longer than a guard (5 s) or `run` lets it."""
BREATH = (0.2, 1.5)
"""Wall seconds of undisturbed work between two blows, drawn from this range."""


@dataclass(frozen=True)
class Blow:
    """One thing done to one process: `kill`, or `freeze` (SIGSTOP, later SIGCONT)."""

    how: str
    name: str


@dataclass(frozen=True)
class Recovery:
    """A blow and the wall seconds until the process, or its successor, worked again; None if it did not in time."""

    blow: Blow
    seconds: float | None


@dataclass
class Night:
    """What happened: recoveries, how the command ended, what was left running."""

    recoveries: list[Recovery] = field(default_factory=list)
    code: int | None = None
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0


GUARD, COMMAND = "guard", "run"


def kinds_of(laboratory: Laboratory, settings: Settings = DEFAULT) -> dict[str, tuple[str, ...]]:
    """Kind of process → names of its processes, of all that a guard starts and of those that start it.

    An agent's kind is its role. The simulated laboratory is none: it stands for the hardware.
    """
    kinds: dict[str, tuple[str, ...]] = {kind: (kind,) for kind in ("broker", "recorder", GUARD, COMMAND)}
    kinds["compute"] = tuple(f"compute_{number}" for number in range(1, settings.compute_workers + 1))
    for name, agent in laboratory.agents.items():
        kinds[agent.role] = (*kinds.get(agent.role, ()), name)
    return kinds


def plan_blows(laboratory: Laboratory, seed: int, each: int = 2, *, freezes: bool = True) -> list[Blow]:
    """What to do to a laboratory, in an order from the seed.

    Args:
        laboratory: Whose processes.
        seed: Of the order, and of which processes of a kind are struck.
        each: So often each kind of process is killed; of several of a kind one after the other.
        freezes: Whether recorder, guard and one line are frozen too.
    """
    rng, blows = random.Random(f"blows {seed}"), []
    kinds = kinds_of(laboratory)
    for names in kinds.values():
        drawn = rng.sample(names, len(names))
        blows += [Blow("kill", drawn[number % len(drawn)]) for number in range(each)]
    if freezes:
        blows += [Blow("freeze", name) for name in ("recorder", GUARD, rng.choice(kinds["synthesis"]))]
    rng.shuffle(blows)
    return blows


class BadNight:
    """Runs one campaign and strikes while it runs.

    Args:
        campaign: The campaign file.
        state: A fresh state folder.
        blows: What to do, in order.
        seed: Of the pauses in between.
    """

    def __init__(self, campaign: Path, state: Path, blows: Sequence[Blow], seed: int) -> None:
        self._campaign, self._state, self._blows = campaign, state, list(blows)
        self._random = random.Random(f"pauses {seed}")
        self._command: asyncio.subprocess.Process | None = None
        self._output = state.with_suffix(".out")

    async def run(self, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Night:
        """Start, strike, wait for the end of the campaign."""
        begun, night = time.monotonic(), Night()
        await self._start_command("run", str(self._campaign))
        watch = StandingWatch(*await self._broker(), f"night-{os.getpid()}")
        async with watch.bus:
            await watch.start()
            agents = await asyncio.to_thread(_find_agents, self._state)
            await watch.until(lambda: agents <= set(watch.agents) and watch.all_work(0), TOO_LONG)
            for done, blow in enumerate(self._blows):
                if self._has_ended():
                    break
                night.recoveries.append(Recovery(blow, await self._strike(watch, blow)))
                progress(done + 1, len(self._blows))
                await asyncio.sleep(self._random.uniform(*BREATH))
            night.code = await self._wait_for_end()
        night.seconds = time.monotonic() - begun
        night.left = await asyncio.to_thread(left_over, self._state)
        return night

    async def _start_command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "lab_agents.cli", *arguments, "--state", str(self._state), "--plain"]
        output = await asyncio.to_thread(self._output.open, "ab")
        with output:
            self._command = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    async def _broker(self) -> tuple[str, str]:
        """Where the broker is and the laboratory's name, as soon as the command has started a guard."""
        begun = time.monotonic()
        while time.monotonic() - begun < TOO_LONG and not self._has_ended():
            found = await asyncio.to_thread(_find_broker, self._state)
            if found is not None:
                return found
            await asyncio.sleep(0.1)
        raise GuardError(f"The laboratory did not start; see {self._output}.")

    def _size(self) -> int:
        return self._output.stat().st_size

    def _has_ended(self) -> bool:
        return self._command is not None and self._command.returncode is not None

    async def _strike(self, watch: StandingWatch, blow: Blow) -> float | None:
        if blow.name == COMMAND:
            return await self._strike_command()
        pid = self._pid(watch, blow.name)
        if pid is None:
            return None
        works_again = self._working_again(watch, blow.name, pid)
        if blow.how == "freeze":
            os.kill(pid, signal.SIGSTOP)
            asyncio.get_running_loop().call_later(FROZEN, _thaw, pid)
        else:
            os.kill(pid, signal.SIGKILL)
        return await watch.until(works_again, TOO_LONG)

    async def _strike_command(self) -> float | None:
        """Kill the submitting command; somebody starts `resume` at once."""
        if self._command is None or self._has_ended():
            return None
        begun = time.monotonic()
        self._command.kill()
        await self._command.wait()
        mark = await asyncio.to_thread(self._size)
        await self._start_command("resume")
        while await asyncio.to_thread(self._size) == mark and not self._has_ended():  # noqa: ASYNC110
            # Another process writes: nothing here could be woken by it.
            await asyncio.sleep(0.05)
        return time.monotonic() - begun

    def _pid(self, watch: StandingWatch, name: str) -> int | None:
        if name == GUARD:
            return next((guard.pid for guard in watch.guards.values() if guard.alive), None)
        return watch.pid(name)

    def _working_again(self, watch: StandingWatch, name: str, pid: int) -> Callable[[], bool]:
        epoch, struck_at = watch.largest_epoch, time.monotonic()
        recorder = watch.head.recorder if watch.head else 0
        if name == GUARD:
            return lambda: watch.all_work(epoch)
        if name in watch.agents:
            before = watch.agents[name].epoch
            return lambda: watch.works(name, before)
        if name == "recorder":
            return lambda: watch.head is not None and watch.head.recorder > recorder
        if name == "broker":
            return lambda: watch.head_at > struck_at and watch.pid(name) not in (None, pid)
        sock = self._state / "compute" / f"{name}.sock"
        return lambda: watch.pid(name) not in (None, pid) and is_listening(sock)

    async def _wait_for_end(self) -> int | None:
        """The exit code of the command once the campaign has ended."""
        if self._command is None:
            return None
        try:
            async with asyncio.timeout(600):
                return await self._command.wait()
        except TimeoutError:
            self._command.kill()
            return None


def is_listening(path: Path) -> bool:
    """Whether a process takes connections at a local socket; a dead one leaves the file but refuses."""
    with socket.socket(socket.AF_UNIX) as door:
        door.setblocking(False)
        try:
            door.connect(str(path))
        except BlockingIOError:
            # So many knock that the queue is full: somebody must be there to have one.
            return True
        except OSError:
            return False
    return True


def left_over(state: Path) -> list[str]:
    """Processes that still hold a file of the state folder open: title and id."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            files = [file.path for file in process.open_files()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(path.startswith(f"{state}{os.sep}") for path in files):
            found.append(f"{' '.join(process.info['cmdline'] or [])} ({process.pid})")
    return found


def _find_broker(state: Path) -> tuple[str, str] | None:
    if not (state / "runtime.json").exists():
        return None
    folder = StateFolder.open(state)
    return str(read_json(folder.runtime)["broker"]), folder.lab


def _find_agents(state: Path) -> set[str]:
    """All agents of the laboratory in a state folder."""
    return set(read_laboratory(StateFolder.open(state).lab_file).agents)


def _thaw(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
