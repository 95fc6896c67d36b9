"""An event loop whose time jumps and whose process, or one of several, can be killed at any await."""

import asyncio
import gc
import inspect
import selectors
import sys
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import lab_agents
from lab_agents.messages.entry import Entry
from lab_agents.messages.frames import Logged
from lab_agents.store.writer import Offered

OURS = str(Path(lab_agents.__file__).parent)


class Killed(KeyboardInterrupt):
    """The process is gone: asyncio lets this kind of exception through, and nothing is run afterwards."""


class Reaper:
    """Counts the points at which a process may die, and kills it at one of them."""

    is_alone = False
    """Whether the loop goes on with other processes after this death."""
    watches_lines = False
    """Whether in threads every line of our code is a point too, not only their beginning and end."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.count, self.is_dead = at, 0, False

    def point(self, where: object = None) -> None:
        """One more point: an await, or the moment before or after a commit; `where` tells it from others."""
        if self.is_dead:
            raise Killed
        self.count += 1
        if self.is_due(where):
            self.die()
            raise Killed

    def is_due(self, where: object) -> bool:
        """Whether this is the point to die at."""
        return self.count == self.at

    def die(self) -> None:
        """The process is gone."""
        self.is_dead = True


PRESENT: ContextVar[Reaper | None] = ContextVar("present", default=None)
"""Whose code runs, where several processes share a loop."""


@contextmanager
def every_line(point: Callable[[], None]) -> Iterator[None]:
    """Inside, every line of our code is a point; once dead, nothing more runs, not even what cleans up."""

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            point()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


INSTANT = 1e-9
"""Loop seconds that a turn takes at least: who waits for a rest that rounding has left would do so for ever."""


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
            self.now += max(timeout, INSTANT)
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
        task = asyncio.Task(_watched(coroutine, self._present), loop=loop, **kwargs)
        task._log_destroy_pending = False  # noqa: SLF001 - a killed process logs nothing either
        return task

    @property
    def _present(self) -> Reaper:
        return PRESENT.get() or self._reaper

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """Threads take no time here: what they are given is done at once, with a point before and after."""
        reaper, done = self._present, self.create_future()
        reaper.point(Doing("before", func, args))
        try:
            if reaper.watches_lines:
                with every_line(reaper.point):
                    result = func(*args)
            else:
                result = func(*args)
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits for the thread
            done.set_exception(error)
        else:
            done.set_result(result)
        reaper.point(Doing("after", func, args))
        return done


@dataclass(frozen=True)
class Doing:
    """The moment before or after a function that a thread is given."""

    moment: str
    function: Callable[..., Any]
    args: tuple[Any, ...]

    def lines(self) -> tuple[str, ...]:
        """The function's name, and the kinds of the entries that it is given."""
        function, args = self.function, self.args
        while isinstance(function, partial) or getattr(function, "__name__", "") == "run":
            if isinstance(function, partial):
                function, args = function.func, (*function.args, *args)
            else:  # a context's
                function, *args = args
        several = (one if isinstance(one, list | tuple) else [one] for one in args)
        entries = (one.entry if isinstance(one, Logged | Offered) else one for each in several for one in each)
        kinds = dict.fromkeys(entry.kind for entry in entries if isinstance(entry, Entry))
        return (getattr(function, "__qualname__", type(function).__name__), *kinds, self.moment)


async def _watched(coroutine: Coroutine[Any, Any, Any], reaper: Reaper) -> Any:
    return await _Steps(coroutine, reaper)


class _Steps:
    """Drives a coroutine step by step, passing the reaper before each one."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], reaper: Reaper) -> None:
        self._coroutine, self._reaper = coroutine, reaper

    def __await__(self) -> Generator[Any, Any, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                self._reaper.point(Waiting(self._coroutine))
                step = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
            except StopIteration as end:
                return end.value
            except Killed:
                if not self._reaper.is_alone:
                    raise
                if inspect.getcoroutinestate(self._coroutine) == inspect.CORO_CREATED:
                    self._coroutine.close()  # nobody is to complain that it was never begun
                yield from _nothing_more()
            try:
                value, error = (yield step), None
            except GeneratorExit:
                raise
            except BaseException as thrown:  # noqa: BLE001 - handed on into the coroutine, whatever it is
                error = thrown


def _nothing_more() -> Generator[Any, Any, Any]:
    """A dead process does nothing more, not even where something that it waited for is cancelled."""
    while True:
        with suppress(asyncio.CancelledError):
            yield from asyncio.get_running_loop().create_future()


class Waiting:
    """A place where a coroutine waits: the lines of our code, from the outermost to the innermost."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    def lines(self) -> tuple[str, ...]:
        """Looked at only by whoever wants to know: it costs more than the step."""
        inner, lines = self._coroutine, []
        while inner is not None:
            frame = getattr(inner, "cr_frame", None) or getattr(inner, "ag_frame", None)
            if frame is not None and frame.f_code.co_filename.startswith(OURS):
                lines.append(f"{frame.f_code.co_filename.removeprefix(OURS)}:{frame.f_lineno}")
            inner = getattr(inner, "cr_await", None)
        return tuple(lines)


class InlineWorker:
    """Runs functions in the loop's own turn, with a point before and after: every commit is a place to die."""

    def __init__(self, reaper: Reaper) -> None:
        self._reaper = reaper

    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._reaper.point(Doing("before", function, args))
        result = function(*args, **kwargs)
        self._reaper.point(Doing("after", function, args))
        await asyncio.sleep(0)
        return result

    def close(self) -> None:
        """Nothing to end."""


@contextmanager
def hushed() -> Iterator[None]:
    """Inside, nobody hears what the dead complain of: coroutines that never ended, sockets and files left open."""
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook = hook


def bury() -> None:
    """Collect what the killed process left: its coroutines are closed now."""
    with hushed():
        gc.collect()
