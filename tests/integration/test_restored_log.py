"""A log that was restored from a backup, and those who had followed it further."""

import asyncio

import pytest

from lab_agents.backup import back_up, restore
from lab_agents.errors import ForeignLogError
from lab_agents.log import Cursor, LogLink
from lab_agents.state_folder import StateFolder, read_json
from lab_agents.verifying import verify_state
from tests.small_log import QUICK, TOPICS, SmallLog, small_log, started
from tests.toy_machine import toy_folder


async def submit(log: SmallLog, *numbers: int, epoch: int) -> int:
    """Entries of the line under these sequences, by a process that was born; how far the recorder knew the line."""
    bus = await log.join(f"line-{epoch}")
    await log.listen(bus, "line")
    birth = await log.give_birth(bus, "line", epoch)
    for number in numbers:
        await log.send(bus, "line", number, started(number).to_bytes(), epoch)
    return birth.sequence


async def test_a_source_sends_what_the_restored_log_lacks_and_a_follower_ahead_of_it_stops(tmp_path):
    """What still waits in an outbox is recorded again; what was followed and is gone is told, with the way on."""
    folder = await asyncio.to_thread(toy_folder, tmp_path / "lab")
    async with small_log(folder.path, lab_file=b"a lab file") as log:
        await submit(log, 1, 2, epoch=1)
        await log.entries(3)
        made = await asyncio.to_thread(back_up, folder.path, tmp_path / "backup")
        await log.send(await log.join("line-more"), "line", 3, started(3).to_bytes())
        before = await log.entries(4)
        ahead = Cursor(log.writer.log, log.writer.position, log.writer.chain)
    assert (made.head, made.is_whole) == (3, True)
    await asyncio.to_thread(restore, tmp_path / "backup", tmp_path / "new")
    new = StateFolder(tmp_path / "new")
    epoch = (await asyncio.to_thread(read_json, new.guard("main") / "counter.json"))["epoch"]
    async with small_log(new.path, lab_file=b"a lab file") as log:
        link = LogLink(await log.join("tester"), TOPICS, "tester", 1, QUICK)
        await link.start(ahead)
        async with asyncio.timeout(60):
            with pytest.raises(ForeignLogError, match="lab-agents log adopt tester"):
                await link.next()
        assert await submit(log, 3, epoch=epoch) == 2
        assert [entry.id for entry in await log.entries(4)] == [entry.id for entry in before]
    report = await asyncio.to_thread(verify_state, new.path)
    assert report.agrees, report.to_text()
    assert report.doubts == ()
