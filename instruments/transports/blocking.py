"""One thread for one blocking client: it delays nobody else, and its calls keep their order."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class ClientThread:
    """The thread in which all calls of one blocking client run.

    A call whose caller gave up still ends by its own time limit, so clients get one a little shorter than the caller's.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def call(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def call_surely(self, work: Callable[[], T]) -> T:
        """Run `work` in the thread, behind what runs there, also where its caller gives up before its turn comes."""
        # No task of its own, which whoever ends the loop would cancel too.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._pool, work))

    def end(self) -> None:
        """Take no more calls; those that run are not waited for."""
        self._pool.shutdown(wait=False)
