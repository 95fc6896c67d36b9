"""One thread for blocking work on one file, reachable from any event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker(Protocol):
    """Runs plain functions one after the other, outside the event loop."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await the function's result. A cancelled wait never abandons the function: it runs to its end first."""
        ...

    def close(self) -> None:
        """Wait for the last function and end the thread."""
        ...


class OwnThread:
    """A thread of its own: SQLite in an event loop would block everything that beats."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run in the thread; on cancellation wait for the end, then pass the cancellation on."""
        future = asyncio.wrap_future(self._pool.submit(function, *args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True)
