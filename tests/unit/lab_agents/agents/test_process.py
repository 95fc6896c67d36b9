"""The parts of one agent's process: what its guard says reaches its gates, and what it does reaches its guard."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from lab_agents.agents.agent import Memory
from lab_agents.agents.process import AgentProcess
from lab_agents.assembly import behaviour_of
from lab_agents.beat import DRAIN, IDLE, Beat
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import FollowedClock
from lab_agents.journal import Journal
from lab_agents.messages.frames import AgentStatus
from lab_agents.process_place import Place
from lab_agents.records.laboratory import AgentDeclaration, Laboratory
from lab_agents.state_folder import StateFolder
from lab_agents.threads import OwnThread
from tests.small_log import AT, QUICK, small_log

SMALL = Laboratory(name="small", agents={"training": AgentDeclaration(role="training")}, instruments={})


def place_in(folder: Path) -> Place:
    """A process of the small laboratory."""
    state = StateFolder.create(folder / "state", "small", b"name: small\n")
    return Place("training", "training", 1, state, SMALL, "nowhere", QUICK)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_guarded_process_is_born_tells_its_status_and_has_nothing_to_finish(tmp_path: Path) -> None:
    """Asked to drain, it answers over its pipe that nothing of it must be waited for."""
    carrier = MemoryCarrier()
    place = await asyncio.to_thread(place_in, tmp_path)
    hears, up = os.pipe()
    down, says = os.pipe()
    os.set_blocking(hears, False)
    worker = OwnThread("journal")
    journal = await worker.run(Journal, place.folder.journal(place.name), place.name)
    told: list[AgentStatus] = []
    async with small_log(tmp_path, carrier, SMALL), MemoryBus(carrier, place.name) as bus:
        await bus.subscribe(
            place.topics.build("agent_status", source=place.name),
            lambda message: told.append(AgentStatus.model_validate_json(message.payload)),
        )
        async with Beat(up, down, settings=QUICK, leave=lambda: None) as beat:
            behaviour = behaviour_of(place.name, SMALL)
            process = AgentProcess(place, bus, FollowedClock(AT), beat, Memory(journal, worker), behaviour)
            running = asyncio.create_task(process.run())
            await until(lambda: told and (told[-1].position, told[-1].outbox) == (2, 0))
            os.write(says, DRAIN)
            await until(lambda: IDLE in _heard(hears))
            assert beat.is_draining
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    await worker.run(journal.close)
    await asyncio.to_thread(worker.close)
    for end in (hears, says):
        os.close(end)


def _heard(pipe: int) -> bytes:
    try:
        return os.read(pipe, 4096)
    except BlockingIOError:
        return b""
