"""Calls of one blocking client keep their order and block nobody else."""

import asyncio
import threading

import pytest

from instruments.transports.blocking import ClientThread


async def test_calls_run_one_after_the_other_in_one_thread():
    thread, seen = ClientThread("client"), []
    await asyncio.gather(*(thread.call(lambda i=i: seen.append((i, threading.get_ident()))) for i in range(5)))
    assert [i for i, _ in seen] == list(range(5))
    assert {ident for _, ident in seen}.isdisjoint({threading.get_ident()})
    assert len({ident for _, ident in seen}) == 1
    thread.end()
    with pytest.raises(RuntimeError):
        await thread.call(print)


async def test_what_must_be_done_is_done_although_nobody_waits_for_it_any_more():
    """Such as closing what the thread is just about to open."""
    thread, may_go_on, done = ClientThread("client"), threading.Event(), []
    opening = asyncio.create_task(thread.call(may_go_on.wait))
    closing = asyncio.create_task(thread.call_surely(lambda: done.append("closed")))
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()
    may_go_on.set()
    await opening
    await thread.call(lambda: None)
    assert done == ["closed"]
    thread.end()
