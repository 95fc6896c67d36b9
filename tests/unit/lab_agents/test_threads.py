"""A cancelled wait never abandons what runs in the thread."""

import asyncio
import threading

import pytest

from lab_agents.threads import OwnThread


async def test_functions_run_one_after_the_other_in_one_thread() -> None:
    """That is what makes it safe for one SQLite file."""
    worker = OwnThread("test")
    names = await asyncio.gather(*(worker.run(threading.get_ident) for _ in range(20)))
    assert len(set(names)) == 1
    await asyncio.to_thread(worker.close)


async def test_an_error_comes_back_to_whoever_awaits() -> None:
    """As if the function had been called here."""
    worker = OwnThread("test")
    with pytest.raises(ZeroDivisionError):
        await worker.run(divmod, 1, 0)
    await asyncio.to_thread(worker.close)


async def test_a_cancelled_wait_lets_the_function_finish_first() -> None:
    """A commit that began is on disk before anyone goes on."""
    worker, begun, release, done = OwnThread("test"), threading.Event(), threading.Event(), []

    def commit() -> None:
        begun.set()
        release.wait()
        done.append(True)

    waiting = asyncio.create_task(worker.run(commit))
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert done == [True]
    await asyncio.to_thread(worker.close)
