"""Every driver that comes with the package keeps the instruments' contract, against the simulated laboratory."""

import asyncio
from copy import deepcopy
from dataclasses import asdict, dataclass

import pytest

from instruments.engine import Engine
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from tests.contracts.instrument import InstrumentContract
from tests.instrument_stand import (
    ABOUT,
    Stand,
    coat,
    dose,
    new_vial,
    open_gate,
    open_stand,
    soak,
    transfer,
)

DOSE = frozenset({"channel", "asked", "delivered", "deviation"})


@dataclass
class OnStand:
    """One instrument of the simulated laboratory, made ready for its act."""

    stand: Stand
    agent: str
    act: Act
    refused: Act
    readings: frozenset[str]

    @property
    def laboratory(self) -> Laboratory:
        """With real ports."""
        return self.stand.lab

    async def prepare(self, *acts: tuple[str, Act]) -> "OnStand":
        """Carry acts out by their agents, then hold the clock."""
        engines: dict[str, Engine] = {}
        for number, (agent, act) in enumerate(acts):
            engines[agent] = engines.get(agent) or await self.stand.engine(agent)
            await engines[agent].perform(act, 0, f"{number:016x}", open_gate, ABOUT)
        for engine in engines.values():
            await engine.close()
        self.stand.jumps = False
        return self

    async def engine(self) -> Engine:
        """One more process that drives it."""
        return await self.stand.engine(self.agent)

    async def finish(self) -> None:
        """Two hours pass."""
        await self.stand.finish()

    async def has_started(self, token: str) -> None:
        """The ledger says so."""
        await self.stand.has_started(token)

    async def executed(self, token: str) -> int:
        """The ledger says how often."""
        return await self.stand.executed(token)

    def things(self) -> dict[str, object]:
        """All that the ledger made."""
        return deepcopy(asdict(self.stand.simulated.floor.world.things))

    async def settle(self) -> None:
        """What was sent is read in the loop's next turns; the world's thread takes one thing up after the other."""
        for _ in range(20):
            await asyncio.sleep(0)
        await self.stand.simulated.floor.remember("settled", "yes")

    async def arrive(self) -> None:
        """Nothing holds anything up on the way."""
        await self.settle()

    async def cut_power(self) -> None:
        """The whole laboratory loses it."""
        await self.stand.cut_power()


FILM = (("line_a", new_vial()), ("line_a", dose()), ("line_a", coat()))


class TestModbusDispenser(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        async with open_stand(tmp_path, "dispenser_a") as stand:
            ready = OnStand(stand, "line_a", dose(), dose(101.0), DOSE)
            yield await ready.prepare(("line_a", new_vial()))


class TestEpicsDispenser(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        b = "dispenser_b"
        async with open_stand(tmp_path, b) as stand:
            # 3 µL lie below the smallest volume that line_b can dose.
            ready = OnStand(stand, "line_b", dose(instrument=b), dose(3.0, instrument=b), DOSE)
            yield await ready.prepare(("line_b", new_vial(b)))


class TestModbusCoater(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        async with open_stand(tmp_path, "dispenser_a", "coater_a") as stand:
            ready = OnStand(stand, "line_a", coat(), coat(speed=6001.0), frozenset({"speed", "duration"}))
            yield await ready.prepare(*FILM[:2])


class TestOpcUaRobot(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        async with open_stand(tmp_path, "dispenser_a", "coater_a", "robot") as stand:
            readings = frozenset({"source", "target"})
            ready = OnStand(stand, "robot", transfer("stage_a", "stage_t"), transfer("stage_a", "nowhere"), readings)
            yield await ready.prepare(*FILM)


class TestScpiTester(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        async with open_stand(tmp_path, "dispenser_a", "coater_a", "robot", "tester") as stand:
            readings = frozenset({"exposure", "n_points", "scale_offset", "scale_span", "tau"})
            ready = OnStand(stand, "tester", soak(), soak(59.0), readings)
            yield await ready.prepare(*FILM, ("robot", transfer("stage_a", "stage_t")))
