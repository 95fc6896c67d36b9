"""Submitting from the command line: against a real recorder, on a bus in memory."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from instruments.lab import read_laboratory
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.cli import submitting
from lab_agents.cli.submitting import broker_url, open_campaign, send_frames, submit, submit_for_campaign, write_frame
from lab_agents.clock import FollowedClock
from lab_agents.errors import GuardError, LabAgentsError
from lab_agents.messages.commands import AbortCampaign, StartCampaign
from lab_agents.messages.frames import Header, pack
from lab_agents.messages.topics import Topics
from lab_agents.recorder import Recorder
from lab_agents.state_folder import StateFolder, write_json
from lab_agents.store.projections import project
from lab_agents.store.reader import StoreReader
from lab_agents.store.writer import LogWriter
from lab_agents.threads import OwnThread
from tests.told_campaign import example, tell_campaign, write_state

ABORT = AbortCampaign(person="Ada", reason="enough")


@pytest.fixture
def folder(tmp_path):
    return StateFolder.create(tmp_path / "state", "opv_replay", example().lab_path.read_bytes())


@asynccontextmanager
async def recording(folder):
    """A recorder over the folder's store; yields a client's bus."""
    carrier, worker = MemoryCarrier(), OwnThread("store")
    writer = await worker.run(LogWriter, folder.store, "opv_replay", project)
    clock = FollowedClock(datetime(2026, 1, 1, tzinfo=UTC))
    async with MemoryBus(carrier, "recorder") as bus, MemoryBus(carrier, "client") as client:
        recorder = Recorder(writer, worker, bus, DirectoryBlobs(folder.blobs), clock, Topics("opv_replay"))
        laboratory = await asyncio.to_thread(read_laboratory, folder.lab_file)
        await recorder.open(laboratory, "0" * 64, "0.1.0")
        serving = asyncio.create_task(recorder.run())
        try:
            yield client
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await worker.run(writer.close)
            await asyncio.to_thread(worker.close)


def entries(folder):
    with StoreReader(folder.store) as reader:
        return [logged.entry for logged in reader.entries(("AbortCampaign",))]


async def test_a_command_is_in_the_log_once_its_call_returns(folder):
    path = await asyncio.to_thread(write_frame, folder, ABORT, "first", "first")
    async with recording(folder) as bus:
        await send_frames(folder, bus, "opv_replay")
    (entry,) = await asyncio.to_thread(entries, folder)
    assert (entry.record, entry.campaign) == (ABORT, "first")
    assert not path.exists()


async def test_the_next_call_finishes_one_that_was_killed(folder):
    for reason in ("one", "two"):
        await asyncio.to_thread(write_frame, folder, ABORT.model_copy(update={"reason": reason}), "first", "first")
    async with recording(folder) as bus:
        await send_frames(folder, bus, "opv_replay")
    assert {e.record.reason for e in await asyncio.to_thread(entries, folder)} == {"one", "two"}


async def test_a_call_killed_after_its_frame_was_taken_does_not_enter_it_twice(folder):
    path = await asyncio.to_thread(write_frame, folder, ABORT, "first", "first")
    kept = await asyncio.to_thread(path.read_bytes)
    async with recording(folder) as bus:
        await send_frames(folder, bus, "opv_replay")
        await asyncio.to_thread(path.write_bytes, kept)
        await send_frames(folder, bus, "opv_replay")
    assert len(await asyncio.to_thread(entries, folder)) == 1


async def test_a_frame_that_was_never_whole_is_taken_away(folder):
    broken = folder.once / "once-1.frame"
    await asyncio.to_thread(broken.write_bytes, b"{")
    async with recording(folder) as bus:
        await send_frames(folder, bus, "opv_replay")
    assert not broken.exists()


async def test_a_refused_command_says_why(folder):
    frame = pack(Header(source="once-2", epoch=0, sequence=1), b'{"kind": "Nonsense"}')
    await asyncio.to_thread((folder.once / "once-2.frame").write_bytes, frame)
    async with recording(folder) as bus:
        with pytest.raises(LabAgentsError, match="The recorder refused it: not an entry"):
            await send_frames(folder, bus, "opv_replay")
    assert list(folder.once.glob("*")) == []


async def test_a_refused_command_does_not_keep_back_the_next_one(folder):
    frame = pack(Header(source="once-0", epoch=0, sequence=1), b'{"kind": "Nonsense"}')
    await asyncio.to_thread((folder.once / "once-0.frame").write_bytes, frame)
    await asyncio.to_thread(write_frame, folder, ABORT, "first", "first")
    async with recording(folder) as bus:
        with pytest.raises(LabAgentsError, match="The recorder refused it: not an entry"):
            await send_frames(folder, bus, "opv_replay")
    assert len(await asyncio.to_thread(entries, folder)) == 1
    assert list(folder.once.glob("*")) == []


def test_a_laboratory_that_was_never_started_says_so(folder):
    with pytest.raises(GuardError, match="was never started"):
        broker_url(folder)


def test_a_laboratory_that_does_not_answer_keeps_the_command(folder, monkeypatch):
    write_json(folder.runtime, {"broker": "mqtt://127.0.0.1:9"})
    monkeypatch.setattr(submitting, "REACH", 0.2)
    with pytest.raises(GuardError, match="is kept, and sent when it runs again"):
        submit(folder.path, ABORT, subject="first", campaign="first")
    assert len(list(folder.once.glob("*.frame"))) == 1


def test_a_command_about_no_campaign_is_refused(folder):
    with pytest.raises(LabAgentsError, match="No campaign is open"):
        submit_for_campaign(folder.path, None, ABORT)


def test_a_campaign_is_open_from_the_wish_to_its_end(folder, tmp_path):
    log = tell_campaign(4, failing=None)
    plan = example().plan
    assert open_campaign(folder) is None
    write_frame(folder, StartCampaign(plan=plan, person="Ada"), plan.name, plan.name)
    assert open_campaign(folder) == plan
    assert open_campaign(write_state(tmp_path / "running", log[:-1])) == plan
    assert open_campaign(write_state(tmp_path / "finished", log)) is None


def test_a_wish_outlives_a_recorder_that_was_ended_before_it_had_made_the_tables(folder):
    plan = example().plan
    folder.store.touch()
    assert open_campaign(folder) is None
    write_frame(folder, StartCampaign(plan=plan, person="Ada"), plan.name, plan.name)
    assert open_campaign(folder) == plan
