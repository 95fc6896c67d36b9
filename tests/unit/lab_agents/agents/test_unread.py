"""What nobody can read is kept, also when the disk takes nothing for a while."""

import asyncio

from lab_agents.agents import unread as module
from lab_agents.agents.unread import Unread
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.protocol import Message


async def _until(holds):
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def test_what_came_while_the_disk_took_nothing_is_kept_later(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.01)
    (tmp_path / "blobs").write_text("in the way")
    unread = Unread(DirectoryBlobs(tmp_path / "blobs"))
    keeping = asyncio.create_task(unread.keep())
    for number in range(3):
        unread.take(Message("topic", b"%d" % number))
    await asyncio.sleep(0.05)
    assert (unread.count, unread.n_kept) == (3, 0)
    (tmp_path / "blobs").unlink()
    await _until(lambda: unread.n_kept == 3)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_more_than_memory_should_hold_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BACKLOG", 10)
    unread = Unread(DirectoryBlobs(tmp_path / "blobs"))
    for _ in range(3):
        unread.take(Message("topic", b"12345678"))
    keeping = asyncio.create_task(unread.keep())
    await _until(lambda: unread.n_kept == 1)
    unread.take(Message("topic", b"12345678"))
    await _until(lambda: unread.n_kept == 2)
    assert unread.count == 4
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
