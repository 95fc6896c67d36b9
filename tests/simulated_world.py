"""A small simulated laboratory for tests: the shipped lab file, a table of a few mixtures, ticks in a list."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from lab_agents.records.laboratory import Laboratory, SimulationDeclaration
from lab_agents.tables import Material, Table
from simulators.errors import ErrorNumber
from simulators.floor import Floor, open_world
from simulators.installation import install
from simulators.instruments.program import Firmware, Order
from simulators.ledger import LedgerLine, read_ledger
from simulators.world_state import WorldState

LAB_FILE = Path(__file__).parent.parent / "deployment" / "labs" / "opv_replay.yaml"
START = datetime(2026, 1, 1, tzinfo=UTC)

TABLE = Table(
    inputs=("PCE10", "P3HT", "PCBM", "oIDTBR"),
    output="degradation",
    materials=(
        Material((1.0, 0.0, 0.0, 0.0), (0.70,)),
        Material((0.5, 0.5, 0.0, 0.0), (0.30, 0.32)),
        Material((0.25, 0.25, 0.25, 0.25), (0.10,)),
        Material((0.67, 0.33, 0.0, 0.0), (0.45,)),
        Material((0.0, 0.0, 0.0, 1.0), (0.05,)),
    ),
    content="0" * 64,
)


def laboratory(**settings: float | int | str) -> Laboratory:
    """The shipped laboratory; `settings` go to its simulation (faults)."""
    declared = Laboratory.model_validate_json(json.dumps(yaml.safe_load(LAB_FILE.read_text())))
    return declared.model_copy(update={"simulation": SimulationDeclaration(world="replay", seed=7, settings=settings)})


def installed(folder: Path, **settings: float | int | str) -> tuple[WorldState, dict[str, Firmware]]:
    """An open world in `folder`, and every instrument over it; no servers, no clock."""
    folder.mkdir(exist_ok=True)
    world = WorldState(folder, START)
    return world, install(laboratory(**settings), TABLE, world)


def token(number: int) -> str:
    """A token that tests can read: of act `number`, in its first attempt."""
    return f"{number:014x}00"


def new_vial(number: int, epoch: int = 1) -> Order:
    """The order of a new vial."""
    return Order(token(number), epoch, "new_vial")


def dose(number: int, channel: int, volume: float, epoch: int = 1) -> Order:
    """The order of a dose."""
    return Order(token(number), epoch, "dose", {"channel": channel, "volume": volume})


def coat(number: int, epoch: int = 1) -> Order:
    """The order of a coat."""
    return Order(token(number), epoch, "coat", {"speed": 1500.0, "duration": 45.0})


def transfer(number: int, source: str, target: str, epoch: int = 1) -> Order:
    """The order of a transfer."""
    return Order(token(number), epoch, "transfer", {"source": source, "target": target})


def soak(number: int, exposure: float = 3600.0, epoch: int = 1) -> Order:
    """The order of a soak."""
    return Order(token(number), epoch, "soak", {"exposure": exposure})


@dataclass
class Ticks:
    """What a clock told."""

    heard: list[tuple[datetime, int, str]] = field(default_factory=list)

    async def __call__(self, *, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        """Keep a tick."""
        self.heard.append((now, number, held_by))

    @property
    def times(self) -> list[datetime]:
        """Every time told, without repeats."""
        return sorted({now for now, _, _ in self.heard})


@asynccontextmanager
async def open_floor(folder: Path, **settings: float | int | str) -> AsyncIterator[Floor]:
    """Every instrument over a new world in `folder`, with the thread that changes it; no servers, no clock."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        world = await open_world(folder, START, thread)
        yield Floor(world, install(laboratory(**settings), TABLE, world), thread)
        await asyncio.get_running_loop().run_in_executor(thread, world.close)


async def ledger_of(folder: Path) -> tuple[LedgerLine, ...]:
    """The whole ledger, read outside the event loop."""
    return await asyncio.to_thread(read_ledger, folder / "ledger.jsonl")


async def carry_out(floor: Floor, *orders: tuple[str, Order]) -> None:
    """Start each order on its instrument, and let it end before the next."""
    for instrument, order in orders:
        number = await floor.start(instrument, order)
        assert number is ErrorNumber.NONE, (instrument, order, number)
        await floor.advance(floor.now + timedelta(hours=1))


def film(first: int, *doses: tuple[int, float]) -> tuple[tuple[str, Order], ...]:
    """The orders that make one film on line_a, with tokens from `first` on; it is left on stage_a."""
    pours = [("dispenser_a", dose(first + 1 + i, channel, volume)) for i, (channel, volume) in enumerate(doses)]
    return (("dispenser_a", new_vial(first)), *pours, ("coater_a", coat(first + 1 + len(doses))))
