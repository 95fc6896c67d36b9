"""Which classes make up each process, and how it ends."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from instruments.lab import read_laboratory
from lab_agents.assembly import FENCED, behaviour_of, laboratory_clock, run_place
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import FollowedClock, WallClock
from lab_agents.journal import Journal
from lab_agents.messages.frames import AgentStatus, Tick
from lab_agents.process_place import Place
from lab_agents.records.laboratory import AgentDeclaration, Laboratory, Role
from lab_agents.state_folder import StateFolder
from lab_agents.store.writer import LogWriter
from lab_agents.threads import OwnThread
from tests.small_log import QUICK, TOPICS, small_log

LAB_FILE = Path(__file__).parents[3] / "deployment" / "labs" / "opv_replay.yaml"
SMALL = Laboratory(name="small", agents={"training": AgentDeclaration(role="training")}, instruments={})


@dataclass(frozen=True)
class PlaceInMemory(Place):
    """A place whose bus is carried in memory."""

    carrier: MemoryCarrier | None = None

    def make_bus(self, will=None) -> MemoryBus:
        assert self.carrier is not None
        return MemoryBus(self.carrier, f"{self.name}-{self.epoch}", will)


def place_in(folder: Path, carrier: MemoryCarrier, role: str = "training", epoch: int = 1) -> PlaceInMemory:
    """A process of the small laboratory."""
    state = StateFolder.create(folder / "state", "small", b"name: small\n")
    return PlaceInMemory(role, role, epoch, state, SMALL, "nowhere", QUICK, carrier)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


def test_every_role_of_a_laboratory_has_its_rules() -> None:
    """Each agent of the shipped laboratory, and each role that a lab file may name."""
    laboratory = read_laboratory(LAB_FILE)
    for name in laboratory.agents:
        assert behaviour_of(name, laboratory).kinds
    assert {declaration.role for declaration in laboratory.agents.values()} == set(get_args(Role))


async def test_a_real_laboratory_lives_by_the_wall_clock_and_a_simulated_one_by_its_own(tmp_path: Path) -> None:
    """Ticks set it; garbage does not."""
    carrier = MemoryCarrier()
    simulated = (await asyncio.to_thread(read_laboratory, LAB_FILE)).simulation
    place = await asyncio.to_thread(place_in, tmp_path, carrier)
    async with MemoryBus(carrier, "line") as bus:
        async with laboratory_clock(place, bus) as clock:
            assert isinstance(clock, WallClock)
        with_clock = PlaceInMemory(
            *("line", "line", 1, place.folder, SMALL.model_copy(update={"simulation": simulated}), "nowhere")
        )
        async with laboratory_clock(with_clock, bus) as clock:
            assert isinstance(clock, FollowedClock)
            later = clock.now() + timedelta(hours=1)
            await bus.publish(TOPICS.build("clock"), b"{nonsense")
            await bus.publish(TOPICS.build("clock"), Tick(now=later, number=1).model_dump_json().encode())
            await until(lambda: clock.now() == later)


async def test_an_agent_s_process_is_born_tells_its_status_and_ends_well_on_request(tmp_path: Path) -> None:
    """Its last will is left with the broker."""
    carrier = MemoryCarrier()
    place = await asyncio.to_thread(place_in, tmp_path, carrier)
    topic = TOPICS.build("agent_status", source="training")
    async with small_log(tmp_path, carrier, SMALL) as log:
        running = asyncio.create_task(run_place(place))
        assert [entry.kind for entry in await log.entries(2)] == ["LabOpened", "AgentStarted"]
        await until(lambda: AgentStatus.model_validate_json(carrier.retained.get(topic, b"{}")).position == 2)
        running.cancel()
        assert await running == 0


async def test_a_process_whose_successor_was_born_exits_as_fenced(tmp_path: Path) -> None:
    """Its guard need not worry; whoever reads the log of the process learns why."""
    carrier = MemoryCarrier()
    place = await asyncio.to_thread(place_in, tmp_path, carrier)
    async with small_log(tmp_path, carrier, SMALL) as log:
        bus = await log.join("successor")
        await log.listen(bus, "training")
        await log.give_birth(bus, "training", 2)
        assert await run_place(place) == FENCED


async def test_a_recorder_that_lost_its_lease_exits_as_fenced(tmp_path: Path) -> None:
    """Another one was started; this one appends nothing any more."""
    carrier = MemoryCarrier()
    place = await asyncio.to_thread(place_in, tmp_path, carrier, "recorder")
    thread = OwnThread("other")
    async with MemoryBus(carrier, "line") as bus:
        running = asyncio.create_task(run_place(place))
        await until(lambda: TOPICS.build("head") in carrier.retained)
        other = await thread.run(LogWriter, place.folder.store, "small", lambda _connection, _logged: None)
        question = b'{"ask":"birth","number":1,"source":"training","epoch":1}'
        await bus.publish(TOPICS.build("read", source="training"), question)
        async with asyncio.timeout(60):
            assert await running == FENCED
        await thread.run(other.close)
    await asyncio.to_thread(thread.close)


async def test_a_journal_that_another_process_holds_is_said_without_a_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line with what to do, and an exit code that is not the fenced one."""
    carrier = MemoryCarrier()
    place = await asyncio.to_thread(place_in, tmp_path, carrier)
    held = await asyncio.to_thread(Journal, place.folder.journal("training"), "training")
    with caplog.at_level(logging.ERROR):
        assert await run_place(place) == 1
    await asyncio.to_thread(held.close)
    assert [record.message for record in caplog.records if record.name == "lab_agents.assembly"] == [
        f"Another process of training holds {held.path.with_suffix('.lock')}; it must end first."
    ]
    assert all(record.exc_info is None for record in caplog.records)


def test_a_process_started_by_hand_says_what_is_wrong_with_its_state(tmp_path: Path) -> None:
    """The module runs as a program: a folder without a laboratory is refused."""
    command = [sys.executable, "-m", "lab_agents.starting", "training", "training", "--epoch", "1"]
    ended = subprocess.run(
        [*command, "--state", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "is no state folder" in ended.stderr
