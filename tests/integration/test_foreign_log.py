"""An agent that meets another log stops and says so; a person's `log adopt` is its way on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from instruments.lab import find_laboratory, read_laboratory
from lab_agents.agents.agent import Memory
from lab_agents.agents.process import AgentProcess
from lab_agents.assembly import behaviour_of, preload
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.cli.adopting import adopt_log
from lab_agents.clock import FollowedClock
from lab_agents.journal import Journal
from lab_agents.messages.frames import AgentStatus
from lab_agents.process_place import Place
from lab_agents.recorder import Recorder
from lab_agents.state_folder import StateFolder
from lab_agents.store.projections import project
from lab_agents.store.writer import LogWriter
from lab_agents.threads import OwnThread
from tests.small_log import AT, QUICK

AGENT = "training"


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    """A laboratory's state folder."""
    lab = find_laboratory("opv_replay", Path.cwd())
    folder = StateFolder.create(tmp_path / "state", "opv_replay", lab.read_bytes())
    place = place_in(folder, 1)
    preload(place)
    behaviour_of(AGENT, place.laboratory)
    return folder


def lose_store(folder: StateFolder) -> None:
    """Somebody took the store away."""
    folder.store.rename(folder.store.with_suffix(".gone"))
    for tail in ("-wal", "-shm"):
        Path(f"{folder.store}{tail}").unlink(missing_ok=True)


def place_in(folder: StateFolder, epoch: int) -> Place:
    """Where the agent's process stands."""
    return Place(AGENT, AGENT, epoch, folder, read_laboratory(folder.lab_file), "", QUICK)


@asynccontextmanager
async def recorded(folder: StateFolder, carrier: MemoryCarrier) -> AsyncIterator[LogWriter]:
    """A recorder on the folder's store."""
    place = await asyncio.to_thread(place_in, folder, 1)
    worker, bus = OwnThread("store"), MemoryBus(carrier, "recorder")
    carrier.join(bus)
    writer = await worker.run(LogWriter, folder.store, place.laboratory.name, project)
    blobs = await worker.run(lambda: place.blobs)
    recorder = Recorder(writer, worker, bus, blobs, FollowedClock(AT), place.topics, QUICK)
    await recorder.open(place.laboratory, "0" * 64, "1")
    serving = asyncio.create_task(recorder.run())
    try:
        yield writer
    finally:
        await _end(serving)
        await worker.run(writer.close)
        await asyncio.to_thread(worker.close)


async def live(
    folder: StateFolder, carrier: MemoryCarrier, epoch: int, wanted: Callable[[AgentStatus], bool]
) -> AgentStatus:
    """One life of the agent's process, until its status is as wanted."""
    place = await asyncio.to_thread(place_in, folder, epoch)
    worker, bus = OwnThread("journal"), MemoryBus(carrier, AGENT)
    carrier.join(bus)
    told: asyncio.Queue[AgentStatus] = asyncio.Queue()
    await bus.subscribe(
        place.topics.build("agent_status", source=AGENT),
        lambda message: told.put_nowait(AgentStatus.model_validate_json(message.payload)),
    )
    journal = await worker.run(Journal, folder.journal(AGENT), AGENT)
    memory = Memory(journal, worker)
    behaviour = behaviour_of(place.name, place.laboratory)
    living = asyncio.create_task(AgentProcess(place, bus, FollowedClock(AT), None, memory, behaviour).run())
    try:
        async with asyncio.timeout(60):
            while True:
                status = await told.get()
                if status.epoch == epoch and wanted(status):
                    return status
    finally:
        await _end(living)
        await worker.run(journal.close)
        await asyncio.to_thread(worker.close)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_agent_that_meets_another_log_says_so_and_goes_on_once_it_is_adopted(folder: StateFolder) -> None:
    """The store was replaced; the agent's journal speaks of one that is gone."""
    async with recorded(folder, carrier := MemoryCarrier()) as writer:
        first = await live(folder, carrier, 1, lambda status: status.position == 2 and not status.outbox)
        assert first.log == writer.log
    await asyncio.to_thread(lose_store, folder)
    async with recorded(folder, carrier := MemoryCarrier()) as writer:
        stopped = await live(folder, carrier, 2, lambda status: status.stuck is not None)
        assert "lab-agents log adopt training" in (stopped.stuck or "")
        assert writer.position == 1, "it submits nothing to a log that is not its own"
        kept = await asyncio.to_thread(adopt_log, folder.path, AGENT, "ada")
        assert kept.exists()
        adopted = await live(folder, carrier, 3, lambda status: status.position == 2 and not status.outbox)
        assert (adopted.log, adopted.stuck) == (writer.log, None)
