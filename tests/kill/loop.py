"""An event loop whose time jumps and whose process can be killed at any await."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Killed(KeyboardInterrupt):
    """The process is gone: asyncio lets this kind of exception through, and nothing is run afterwards."""


class Reaper:
    """Counts the points at which a process may die, and kills it at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.count, self.is_dead = at, 0, False

    def point(self) -> None:
        """One more point: an await, or the moment before or after a commit."""
        if self.is_dead:
            raise Killed
        self.count += 1
        if self.count == self.at:
            self.is_dead = True
            raise Killed


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for nothing: the time that would be waited is added to the loop's."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("the loop would wait for ever: nothing is planned")
        if not ready and timeout is not None:
            self.now += max(timeout, 0.0)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next planned call; every step of every task passes the reaper."""

    def __init__(self, reaper: Reaper) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._reaper = reaper
        self.set_task_factory(self._make_task)
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        return self._jumping.now

    def _make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **kwargs: Any) -> Any:
        task = asyncio.Task(_watched(coroutine, self._reaper.point), loop=loop, **kwargs)
        task._log_destroy_pending = False  # noqa: SLF001 - a killed process logs nothing either
        return task


async def _watched(coroutine: Coroutine[Any, Any, Any], point: Callable[[], None]) -> Any:
    return await _Steps(coroutine, point)


class _Steps:
    """Drives a coroutine step by step, passing the reaper before each one."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], point: Callable[[], None]) -> None:
        self._coroutine, self._point = coroutine, point

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                self._point()
                step = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
            except StopIteration as end:
                return end.value
            try:
                value, error = (yield step), None
            except GeneratorExit:
                raise
            except BaseException as thrown:  # noqa: BLE001 - handed on into the coroutine, whatever it is
                error = thrown


class InlineWorker:
    """Runs functions in the loop's own turn, with a point before and after: every commit is a place to die."""

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper

    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._reaper.point()
        result = function(*args, **kwargs)
        self._reaper.point()
        await asyncio.sleep(0)
        return result

    def close(self) -> None:
        """Nothing to end."""
