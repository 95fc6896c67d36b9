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
