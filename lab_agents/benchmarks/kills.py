"""A campaign through real processes that are killed and frozen, again and again: how soon does each work again?"""

import asyncio
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import psutil

from instruments.lab import read_laboratory
from lab_agents.benchmarks.blows import COMMAND, GUARD, Blow, volleys
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.errors import GuardError
from lab_agents.processes import identity
from lab_agents.state_folder import StateFolder, read_json

TOO_LONG = 180.0
"""Wall seconds after which something does not work again by itself. Far more than any target: on a machine with thirty
times as much to do as it has cores, a guard's whole tree took more than a minute to start."""
BREATH = (0.2, 1.5)
"""Wall seconds of undisturbed work between two blows, drawn from this range."""


@dataclass(frozen=True)
class Recovery:
    """A blow and the wall seconds until the process, or its successor, worked again; None if it did not in time.

    Of what was frozen, also the seconds until its guard called it lost, and until it was gone, where somebody saw it.
    `refusal` says why a blow could not be given at all, `at` when it was given by the wall clock.
    """

    blow: Blow
    seconds: float | None
    noticed: float | None = None
    gone: float | None = None
    refusal: str = ""
    at: datetime | None = None

    @property
    def is_given(self) -> bool:
        """Whether it was done at all."""
        return not self.refusal


Arm = Callable[["BadNight", StandingWatch, Blow], Awaitable[Recovery]]
"""Does one thing to a laboratory and returns when it works again, or will not."""


@dataclass
class Night:
    """What happened: recoveries, how the command ended, what was left running."""

    recoveries: list[Recovery] = field(default_factory=list)
    code: int | None = None
    left: list[str] = field(default_factory=list)
    seconds: float = 0.0


class BadNight:
    """Runs one campaign and strikes while it runs.

    Args:
        campaign: The campaign file.
        state: A fresh state folder.
        blows: What to do, in order.
        seed: Of the pauses in between.
        together: So many blows at most are given at the same instant, none of them to one process.
        arms: What is done beside `kill` and `freeze`.
        wishes: Further arguments of `lab-agents run`.
        patience: Wall seconds from the last blow in which the campaign must end.
        environment: Added to that of the laboratory's processes.
    """

    def __init__(
        self,
        campaign: Path,
        state: Path,
        blows: Sequence[Blow],
        seed: int,
        *,
        together: int = 1,
        arms: Mapping[str, Arm] = MappingProxyType({}),
        wishes: Sequence[str] = (),
        patience: float = 600.0,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.state = state
        self._campaign, self._blows, self._wishes = campaign, list(blows), list(wishes)
        self._random, self._together, self._patience = random.Random(f"pauses {seed}"), together, patience
        self._environment = {**os.environ, **environment}
        self._arms: Mapping[str, Arm] = {"kill": kill, "freeze": freeze, **arms}
        self._command: asyncio.subprocess.Process | None = None
        self._output = state.with_suffix(".out")

    async def run(self, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Night:
        """Start, strike, wait for the end of the campaign."""
        begun, night = time.monotonic(), Night()
        await self._start_command("run", str(self._campaign), *self._wishes)
        watch = StandingWatch(*await self._broker(), f"night-{os.getpid()}")
        async with watch.bus:
            await watch.start()
            agents = await asyncio.to_thread(_find_agents, self.state)
            await watch.until(lambda: agents <= set(watch.agents) and watch.all_work(0), TOO_LONG)
            for volley in volleys(self._blows, self._together):
                if self.has_ended:
                    break
                struck = (self._arms[blow.how](self, watch, blow) for blow in volley)
                night.recoveries += await asyncio.gather(*struck)
                progress(len(night.recoveries), len(self._blows))
                await asyncio.sleep(self._random.uniform(*BREATH))
            night.code = await self._wait_for_end()
        night.seconds = time.monotonic() - begun
        night.left = await asyncio.to_thread(left_over, self.state)
        return night

    async def _start_command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "lab_agents.cli", *arguments, "--state", str(self.state), "--plain"]
        output = await asyncio.to_thread(self._output.open, "ab")
        with output:
            self._command = await asyncio.create_subprocess_exec(
                *command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def _broker(self) -> tuple[str, str]:
        """Where the broker is and the laboratory's name, as soon as the command has started a guard."""
        begun = time.monotonic()
        while time.monotonic() - begun < TOO_LONG and not self.has_ended:
            found = await asyncio.to_thread(_find_broker, self.state)
            if found is not None:
                return found
            await asyncio.sleep(0.1)
        raise GuardError(f"The laboratory did not start; see {self._output}.")

    def _size(self) -> int:
        return self._output.stat().st_size

    @property
    def has_ended(self) -> bool:
        """Whether the command has."""
        return self._command is not None and self._command.returncode is not None

    async def replace_command(self) -> float | None:
        """Kill the submitting command; somebody starts `resume` at once. Returns the seconds until it shows something.

        None where the campaign has ended before.
        """
        if self._command is None or self.has_ended:
            return None
        begun = time.monotonic()
        self._command.kill()
        await self._command.wait()
        mark = await asyncio.to_thread(self._size)
        await self._start_command("resume")
        while await asyncio.to_thread(self._size) == mark and not self.has_ended:  # noqa: ASYNC110
            # Another process writes: nothing here could be woken by it.
            await asyncio.sleep(0.05)
        return time.monotonic() - begun

    async def _wait_for_end(self) -> int | None:
        """The exit code of the command once the campaign has ended."""
        if self._command is None:
            return None
        try:
            async with asyncio.timeout(self._patience):
                return await self._command.wait()
        except TimeoutError:
            self._command.kill()
            return None


async def kill(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """SIGKILL; a guard or a person starts the next one."""
    if blow.name == COMMAND:
        return Recovery(blow, await night.replace_command())
    pid = find_pid(watch, blow.name)
    if pid is None:
        return Recovery(blow, None)
    works_again = working_again(watch, blow.name, pid, night.state)
    send(pid, signal.SIGKILL)
    return Recovery(blow, await watch.until(works_again, TOO_LONG))


async def freeze(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """SIGSTOP, and SIGCONT after the blow's seconds, if the process still is there."""
    pid = find_pid(watch, blow.name)
    if pid is None:
        return Recovery(blow, None)
    works_again, at = working_again(watch, blow.name, pid, night.state), datetime.now(UTC)
    name = identity(pid)
    send(pid, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(blow.seconds, send, pid, signal.SIGCONT)
    goes_on = going_on(watch, blow.name, night.state, time.monotonic() + blow.seconds)
    noticed, gone, works = await asyncio.gather(
        watch.until(lambda: any(blow.name in guard.lost for guard in watch.guards.values()), blow.seconds),
        # By what the kernel says of this one: psutil lists all processes where one ends while it looks, which blocks.
        watch.until(lambda: name is None or identity(pid) != name, blow.seconds),
        watch.until(lambda: works_again() or goes_on(), TOO_LONG),
    )
    return Recovery(blow, works, noticed, gone, at=at)


def find_pid(watch: StandingWatch, name: str) -> int | None:
    """The process that now has this name; the guard is a name too."""
    if name == GUARD:
        return next((guard.pid for guard in watch.guards.values() if guard.alive), None)
    return watch.pid(name)


def working_again(watch: StandingWatch, name: str, pid: int, state: Path) -> Callable[[], bool]:
    """What holds once a successor of the process `pid` works; ask before it is struck."""
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
    sock = state / "compute" / f"{name}.sock"
    return lambda: watch.pid(name) not in (None, pid) and is_listening(sock)


def going_on(watch: StandingWatch, name: str, state: Path, after: float) -> Callable[[], bool]:
    """What holds once the same process works after the instant `after` (monotonic): nobody had to replace it."""
    if name in watch.agents:
        return lambda: watch.works_since(name, after)
    if name.startswith("compute"):
        return lambda: time.monotonic() > after and is_listening(state / "compute" / f"{name}.sock")
    return lambda: watch.head_at > after and (name != GUARD or watch.all_work(0))


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


def end_left(state: Path) -> None:
    """Kill what still holds a file of the state folder open, the guard first: it would start the others again.

    Whoever asks may be reading there, and lives.
    """
    while left := sorted(_others(left_over(state)), key=lambda title: "guard" not in title):
        for title in left:
            send(_pid_of(title), signal.SIGKILL)
        time.sleep(0.1)


def _others(titles: Sequence[str]) -> list[str]:
    return [title for title in titles if _pid_of(title) != os.getpid()]


def _pid_of(title: str) -> int:
    return int(title.rpartition("(")[2].rstrip(")"))


async def see_through(process: asyncio.subprocess.Process, state: Path) -> int:
    """Wait for the command that shows a laboratory, and return its exit code.

    Whatever is left of the laboratory then is killed: where the command failed, or whoever waits gave it up.
    """
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.to_thread(end_left, state)


def _find_broker(state: Path) -> tuple[str, str] | None:
    if not (state / "runtime.json").exists():
        return None
    folder = StateFolder.open(state)
    runtime = read_json(folder.runtime)
    # Whoever measures is not behind a relay that stands between the laboratory and its broker.
    return (str(runtime.get("listens", runtime["broker"])), folder.lab) if "guard" in runtime else None


def _find_agents(state: Path) -> set[str]:
    """All agents of the laboratory in a state folder."""
    return set(read_laboratory(StateFolder.open(state).lab_file).agents)


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
