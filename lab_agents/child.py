"""One child of the guard: started, beaten with, judged by its silence, killed, reaped."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lab_agents.beat import DRAIN, GO_ON, IDLE
from lab_agents.restarts import Restarts
from lab_agents.settings import DEFAULT, Settings

MAX_LOG_BYTES = 10 * 1024 * 1024
"""A log file larger than this is put aside (one generation) at the next start."""
MAX_WORDS = 500
"""Characters of a child's last words; the rest stands in its log."""

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""One process computes in one thread: many processes share a machine, whose cores the threads of each one's numerical
library would keep busy waiting for one another (more than twice the time of a pattern's fit on two cores), and sums
would differ in their last bits from one machine to the next."""


@dataclass(frozen=True)
class Spawn:
    """What a command is built from: the epoch and the two descriptors that the child inherits (None: no pipes)."""

    epoch: int
    up: int | None
    down: int | None


@dataclass(frozen=True)
class ChildPlan:
    """A child that should run.

    Attributes:
        role: What it is (broker, recorder, simulator, notifier, compute, or an agent's role).
        name: Unique on its machine.
        command: Builds the command line.
        log: File that takes its output.
        instruments: Instruments that it alone drives; a latched guard does not start it.
        beats: Whether it beats on a pipe; a foreign program does not.
        lock: For a process that outlives the guard (simulator, notifier): the lock by which it is found again.
        environment: Added to the environment at its start.
        niceness: Added to the guard's own: what only computes leaves the cores to a stop.
    """

    role: str
    name: str
    command: Callable[[Spawn], list[str]]
    log: Path
    instruments: tuple[str, ...] = ()
    beats: bool = True
    lock: Path | None = None
    environment: Callable[[], Mapping[str, str]] = dict
    niceness: int = 0

    @property
    def is_detached(self) -> bool:
        """Whether it outlives the guard."""
        return self.lock is not None


Verdict = Literal["fine", "lost", "dead"]


class Child:
    """A plan and the process that carries it out, if one runs.

    A process counts as gone only once it was reaped, and everything it had started in its group was killed before:
    that is the fence between one owner of an instrument and the next.
    """

    def __init__(self, plan: ChildPlan, monotonic: Callable[[], float], settings: Settings = DEFAULT) -> None:
        self.plan = plan
        self.epoch = 0
        # Filled in when it is written down; reading it may wait for a disk.
        self.identity: str | None = None
        self.held: str | None = None
        self.last_end = ""
        self.not_before = 0.0
        self.is_idle = False
        self.is_condemned = False
        self.restarts = Restarts(settings)
        self._settings, self._monotonic = settings, monotonic
        self._pid: int | None = None
        self._adopted: int | None = None
        self._up: int | None = None
        self._down: int | None = None
        self._started = 0.0
        self._heard: float | None = None

    @property
    def pid(self) -> int | None:
        """Process id of what runs, or None."""
        return self._pid if self._pid is not None else self._adopted

    @property
    def is_adopted(self) -> bool:
        """Whether it is another's child, which only its identity can find dead."""
        return self._adopted is not None

    @property
    def is_up(self) -> bool:
        """Whether it runs and (if it beats) has beaten once: others may rely on it."""
        return self.pid is not None and (not self.plan.beats or self._heard is not None)

    def prepare(self, epoch: int) -> "Launch":
        """Make ready all that may wait for a disk; call it in a thread, then `start` in the main thread.

        Raises:
            OSError: If the machine has no more descriptors, or the log cannot be written.
            LabAgentsError: If the plan's program cannot be started here.
        """
        if self.plan.log.exists() and self.plan.log.stat().st_size > MAX_LOG_BYTES:
            self.plan.log.replace(self.plan.log.with_suffix(".log.1"))
        pipes = (*os.pipe(), *os.pipe()) if self.plan.beats else None
        spawn = Spawn(epoch, pipes[1], pipes[2]) if pipes else Spawn(epoch, None, None)
        environment = {**os.environ, **ONE_THREAD, **self.plan.environment()}
        return Launch(epoch, self.plan.command(spawn), environment, str(self.plan.log), pipes)

    def start(self, launch: "Launch", wake: Callable[[], None]) -> None:
        """Start the process. `wake` is called in the event loop at its first beat and when its pipe closes.

        Call it in the main thread: what dies with its parent dies with the thread that forked.

        Raises:
            OSError: If the machine has no room for another process, or the program is not there.
        """
        try:
            self._pid = launch.spawn(is_session=self.plan.is_detached)
        except OSError:
            launch.close()
            raise
        launch.close_theirs()
        if self.plan.niceness:
            # Before it has other threads, which would keep the priority that they began with.
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._pid, os.getpriority(os.PRIO_PROCESS, 0) + self.plan.niceness)
        self.epoch, self.identity = launch.epoch, None
        self._started, self._heard, self.is_idle, self.is_condemned = self._monotonic(), None, False, False
        if launch.pipes is not None:
            self._up, self._down = launch.pipes[0], launch.pipes[3]
            asyncio.get_running_loop().add_reader(self._up, self._hear, wake)

    def adopt(self, pid: int, epoch: int, name: str) -> None:
        """Take over a detached process that an earlier guard had started; `name` is its identity."""
        self._adopted, self.identity, self.epoch, self._started = pid, name, epoch, self._monotonic()

    def abandon(self) -> str:
        """The adopted process is gone."""
        self._adopted = self.identity = None
        return "it ended"

    def _hear(self, wake: Callable[[], None]) -> None:
        if self._up is None:
            return
        try:
            data = os.read(self._up, 4096)
        except BlockingIOError:
            return
        if data:
            first = self._heard is None
            self._heard = self._monotonic()
            self.is_idle = data[-1:] == IDLE
        if not data:
            asyncio.get_running_loop().remove_reader(self._up)
        if not data or first:
            wake()

    def beat(self, *, draining: bool) -> None:
        """Tell the child that its guard lives, and whether it may start things."""
        if self._down is not None and self.plan.beats:
            # A frozen child does not read, and one that is dead is found by `take_end`.
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(self._down, DRAIN if draining else GO_ON)

    def judge(self, now: float) -> Verdict:
        """What its silence means at `now`; before its first beat it has the time that imports may take."""
        if self.pid is None or not self.plan.beats:
            return "fine"
        if self._heard is None:
            return "dead" if now - self._started > self._settings.starting else "fine"
        silence = now - self._heard
        return "dead" if silence > self._settings.kill else "lost" if silence > self._settings.lost else "fine"

    def has_outlived(self, instant: float | None) -> bool:
        """Whether it runs and was started before `instant`."""
        return self.pid is not None and instant is not None and self._started < instant

    def forgive(self, pause: float) -> None:
        """Do not count `pause` seconds in which the guard itself did not listen."""
        self._started += pause
        if self._heard is not None:
            self._heard += pause

    def send(self, number: signal.Signals) -> None:
        """Signal the process and all it has started."""
        with suppress(ProcessLookupError):
            if self._pid is not None:
                os.killpg(self._pid, number)
            elif self._adopted is not None:
                os.kill(self._adopted, number)

    def take_end(self) -> str | None:
        """Reap the process if it has ended, and say how; None while it runs or none does."""
        pid = self._pid
        # Look before reaping: while the leader is a zombie its group's number cannot be given to anybody else.
        if pid is None or os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.send(signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._close()
        self._pid = self.identity = None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _close(self) -> None:
        if self._up is not None:
            asyncio.get_running_loop().remove_reader(self._up)
        for descriptor in (self._up, self._down):
            if descriptor is not None:
                os.close(descriptor)
        self._up = self._down = None


@dataclass(frozen=True)
class Launch:
    """Everything that a start needs: command, environment, log, and (read, write) of the pipes up and down."""

    epoch: int
    command: list[str]
    environment: Mapping[str, str]
    log: str
    pipes: tuple[int, int, int, int] | None

    def spawn(self, *, is_session: bool) -> int:
        """Start the process, in a group of its own (so that what it starts can be killed with it) or a session."""
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        if self.pipes is not None:
            up_read, up_write, down_read, down_write = self.pipes
            for ours in (up_read, down_write):
                os.set_blocking(ours, False)
            for theirs in (up_write, down_read):
                os.set_inheritable(theirs, True)
        options: dict[str, Any] = {"setsid": True} if is_session else {"setpgroup": 0}
        # Python ignores these two; a program that we start should meet them as usual.
        reset = (signal.SIGPIPE, signal.SIGXFSZ)
        command = self.command
        return os.posix_spawn(command[0], command, self.environment, file_actions=actions, setsigdef=reset, **options)

    def close_theirs(self) -> None:
        """Close the child's ends of the pipes in this process."""
        if self.pipes is not None:
            os.close(self.pipes[1])
            os.close(self.pipes[2])

    def close(self) -> None:
        """Close all pipes: nothing is started after all."""
        for descriptor in self.pipes or ():
            os.close(descriptor)


def with_last_words(how: str, log: Path) -> str:
    """How a process ended, and what it said last where it ended by itself: a killed one was cut short."""
    if not how.startswith("exit code") or how == "exit code 0":
        return how
    with suppress(OSError):
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").split("\n")
        words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"{how} ({words[:MAX_WORDS]})" if words else how
    return how
