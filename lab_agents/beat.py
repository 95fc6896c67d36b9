"""A child's side of the pipes to its guard: it beats, it hears the guard, and it does not outlive it.

Up (child to guard), one byte every 0.5 s from the event loop: `.` alive; while draining `w` (something that cannot be
interrupted still runs) or `i` (nothing does). Down (guard to child), one byte every 0.5 s: `.` go on; `d` drain: start
nothing.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress

from lab_agents.processes import die_with_parent
from lab_agents.settings import DEFAULT, Settings

ALIVE, WORKING, IDLE = b".", b"w", b"i"
GO_ON, DRAIN = b".", b"d"

ORPHANED = 70
"""Exit code of a child whose guard is gone (EX_SOFTWARE in sysexits.h)."""


def _leave() -> None:
    # No finalizer may run: a device's clean-up would move things after the next owner has begun.
    os._exit(ORPHANED)


class Beat:
    """Beats for this process while its context is open, and gates what may start.

    Args:
        up: Descriptor to write beats to.
        down: Descriptor to read the guard's beats from.
        is_working: Whether something runs that must not be interrupted; asked only while draining.
        settings: Times.
        monotonic: Source of wall seconds.
        leave: Called when the guard is gone.
    """

    def __init__(
        self,
        up: int,
        down: int,
        *,
        is_working: Callable[[], bool] = lambda: False,
        settings: Settings = DEFAULT,
        monotonic: Callable[[], float] = time.monotonic,
        leave: Callable[[], None] = _leave,
    ) -> None:
        self.is_working = is_working
        self._up, self._down = up, down
        self._settings, self._monotonic, self._leave = settings, monotonic, leave
        self._heard: float | None = None
        self._draining = False
        self._task: asyncio.Task[None] | None = None

    @property
    def guard_is_alive(self) -> bool:
        """Whether the guard was heard within the last 2 s; a child that misses it starts nothing."""
        return self._heard is not None and self._monotonic() - self._heard < self._settings.lost

    @property
    def is_draining(self) -> bool:
        """Whether the guard asked to start nothing more."""
        return self._draining

    async def __aenter__(self) -> "Beat":
        die_with_parent()
        os.set_blocking(self._up, False)
        os.set_blocking(self._down, False)
        asyncio.get_running_loop().add_reader(self._down, self._hear)
        self._task = asyncio.create_task(self._beat(), name="beat")
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._down)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _hear(self) -> None:
        try:
            data = os.read(self._down, 4096)
        except BlockingIOError:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self._down)
            self._leave()
            return
        self._heard = self._monotonic()
        was, self._draining = self._draining, data[-1:] == DRAIN
        if was != self._draining:
            self._say()

    async def _beat(self) -> None:
        while True:
            self._say()
            await asyncio.sleep(self._settings.beat)

    def _say(self) -> None:
        word = ALIVE if not self._draining else WORKING if self.is_working() else IDLE
        try:
            os.write(self._up, word)
        except BlockingIOError:
            # A frozen guard does not read; the pipe holds hours of beats, and one more says nothing new.
            pass
        except BrokenPipeError:
            self._leave()
