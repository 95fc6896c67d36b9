"""A stop where no guard lives, whose asker dies at any line: what was answered is latched, the next one does it all."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab_agents.bus.memory import MemoryCarrier
from lab_agents.children import Household
from lab_agents.latch import Latch
from lab_agents.messages.frames import InstrumentState, StopRequest
from lab_agents.state_folder import StateFolder
from lab_agents.stop_alone import stop_alone
from lab_agents.stop_report import read_reports
from tests.kill.guarded import SafeLine
from tests.kill.house import House, IsDue, Process, run_house
from tests.kill.stopped import LABORATORY, SETTINGS


class Machine:
    """One whose guard is dead; nothing of it runs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = StateFolder.create(folder / "state", "toy", b"name: toy\n")
        self.place = self.folder.guard("main")
        self.place.mkdir(parents=True)
        self.written: list[float] = []
        self.answered: dict[str, dict[str, InstrumentState]] = {}

    def ask(self, stop: str, is_due: IsDue) -> Process:
        """Somebody stops it; returns their life."""
        lives: list[Process] = []

        async def work() -> None:
            house = House(MemoryCarrier(), is_due)
            lives.append(house.start("person", lambda me: self._stop(me, stop)))
            async with asyncio.timeout(60.0):
                await lives[0].gone.wait()
            assert house.errors == []

        run_house(work)
        return lives[0]

    async def _stop(self, me: Process, stop: str) -> None:
        me.watches_lines = True
        household = Household(LABORATORY, "main", self.folder, lambda role, name: [], None, 5065, SETTINGS)
        request = StopRequest(id=stop, person="ada", reason="smoke", at=datetime.now(UTC))
        self.answered[stop] = await stop_alone(household, request, dial=lambda *_: SafeLine(self.written))

    def check_left(self) -> None:
        """What was answered is in force for whoever comes."""
        latch = Latch(self.place / "latch.json")
        assert set(self.answered) <= {stop.id for stop in latch.stops}


@pytest.fixture
def folder() -> Iterator[Path]:
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def test_who_asks_after_one_who_died_finds_the_latch_and_stops_the_machine(folder: Path) -> None:
    whole = Machine(folder / "whole")
    points = whole.ask("stop-1", lambda process, _: False).count
    assert whole.answered["stop-1"]["toy"].state == "safe at"
    assert points > 100
    for point in range(1, points + 1):
        machine = Machine(folder / f"{point}")
        machine.ask("stop-1", lambda process, _, point=point: process.count == point)
        machine.check_left()
        machine.ask("stop-2", lambda process, _: False)
        machine.check_left()
        assert machine.answered["stop-2"]["toy"].state == "safe at"
        in_force = {stop.id for stop in Latch(machine.place / "latch.json").stops}
        assert in_force == {report.stop.id for report in read_reports(machine.folder, ("main",)).reports}
