"""One child of the guard: started, beaten with, judged by its silence, killed, reaped."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab_agents.beat import DRAIN, GO_ON, IDLE
from lab_agents.processes import identity
from lab_agents.restarts import Restarts
from lab_agents.settings import DEFAULT, Settings

MAX_LOG_BYTES = 10 * 1024 * 1024
"""A log file larger than this is put aside (one generation) at the next start."""


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
        role: What it is (broker, recorder, simulator, compute, or an agent's role).
        name: Unique on its machine.
        command: Builds the command line.
        log: File that takes its output.
        instruments: Instruments that it alone drives; a latched guard does not start it.
        beats: Whether it beats on a pipe; a foreign program does not.
        lock: For a process that outlives the guard (the simulator): the lock by which it is found again.
        environment: Added to the environment at its start.
    """

    role: str
    name: str
    command: Callable[[Spawn], list[str]]
    log: Path
    instruments: tuple[str, ...] = ()
    beats: bool = True
    lock: Path | None = None
    environment: Callable[[], Mapping[str, str]] = dict

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
        self.identity: str | None = None
        self.held: str | None = None
        self.not_before = 0.0
        self.is_wanted = True
        self.is_idle = False
        self.restarts = Restarts(settings)
        self._settings, self._monotonic = settings, monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._adopted: int | None = None
        self._up: int | None = None
        self._down: int | None = None
        self._started = 0.0
        self._heard: float | None = None

    @property
    def pid(self) -> int | None:
        """Process id of what runs, or None."""
        return self._process.pid if self._process is not None else self._adopted

    @property
    def is_up(self) -> bool:
        """Whether it runs and (if it beats) has beaten once: others may rely on it."""
        return self.pid is not None and (not self.plan.beats or self._heard is not None)

    def start(self, epoch: int, wake: Callable[[], None]) -> None:
        """Start the process; `wake` is called in the event loop when its end of the pipe closes.

        Raises:
            OSError: If the machine has no room for another process, or the program is not there.
        """
        up_read, up_write = os.pipe()
        down_read, down_write = os.pipe()
        try:
            self._spawn(epoch, up_write, down_read)
        except OSError:
            os.close(up_read)
            os.close(down_write)
            raise
        finally:
            os.close(up_write)
            os.close(down_read)
        for descriptor in (up_read, down_write):
            os.set_blocking(descriptor, False)
        self._up, self._down = up_read, down_write
        self.epoch, self._started, self._heard, self.is_idle = epoch, self._monotonic(), None, False
        if self.plan.beats:
            asyncio.get_running_loop().add_reader(up_read, self._hear, wake)

    def _spawn(self, epoch: int, up: int, down: int) -> None:
        pipes = (up, down) if self.plan.beats else ()
        command = self.plan.command(Spawn(epoch, *(pipes or (None, None))))
        if self.plan.log.exists() and self.plan.log.stat().st_size > MAX_LOG_BYTES:
            self.plan.log.replace(self.plan.log.with_suffix(".log.1"))
        with self.plan.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=pipes,
                env={**os.environ, **self.plan.environment()},
                # A group of its own, so that what it starts can be killed with it; a session where it is to outlive us.
                process_group=None if self.plan.is_detached else 0,
                start_new_session=self.plan.is_detached,
            )
        self.identity = identity(self._process.pid)

    def adopt(self, pid: int, epoch: int) -> bool:
        """Take over a detached process that an earlier guard had started; False where it is gone."""
        self.identity = identity(pid)
        if self.identity is not None:
            self._adopted, self.epoch, self._started = pid, epoch, self._monotonic()
        return self.identity is not None

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

    def forgive(self, pause: float) -> None:
        """Do not count `pause` seconds in which the guard itself did not listen."""
        self._started += pause
        if self._heard is not None:
            self._heard += pause

    def send(self, number: signal.Signals) -> None:
        """Signal the process and all it has started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        elif self._adopted is not None and identity(self._adopted) == self.identity:
            with suppress(ProcessLookupError):
                os.kill(self._adopted, number)

    def take_end(self) -> str | None:
        """Reap the process if it has ended, and say how; None while it runs or none does."""
        if self._adopted is not None and identity(self._adopted) != self.identity:
            self._adopted = self.identity = None
            return "it ended"
        if self._process is None:
            return None
        # Look before reaping: while the leader is a zombie its group's number cannot be given to anybody else.
        if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.send(signal.SIGKILL)
        code = self._process.wait()
        self._close()
        self._process = self.identity = None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def _close(self) -> None:
        if self._up is not None and self.plan.beats:
            asyncio.get_running_loop().remove_reader(self._up)
        for descriptor in (self._up, self._down):
            if descriptor is not None:
                os.close(descriptor)
        self._up = self._down = None
