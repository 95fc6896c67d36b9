"""Every driver of the thin-film laboratory keeps the instruments' contract, against the simulated laboratory."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from simulators.errors import ErrorNumber
from simulators.instruments.program import Order
from tests.contracts.instrument import InstrumentContract
from tests.integration.test_instrument_contract import OnStand
from tests.thin_film_stand import act, open_stand, order

FILM = (("handler", order(1, "mix")), ("spin_a", order(2, "spin")))
MAKES = ("handler", "robot", "spin_a")


@asynccontextmanager
async def ready(folder, candidate: OnStand, place: str = "", *names: str):
    """The candidate with its instruments listening, and a film on `place` if it names one."""
    async with open_stand(folder, *MAKES, *names) as stand:
        candidate.stand, floor = stand, stand.simulated.floor
        orders: list[tuple[str, Order]] = list(FILM) if place else []
        if place and place != "stage_a":
            orders.append(("robot", order(3, "transfer", target=place)))
        for instrument, given in orders:
            assert await floor.start(instrument, given) is ErrorNumber.NONE
            await floor.advance(floor.now + timedelta(minutes=10))
        stand.jumps = False
        yield candidate


def on_stand(agent, one, refused, *readings):
    """A candidate whose stand is opened later."""
    return OnStand(None, agent, one, refused, frozenset(readings))


class TestOpcUaHandler(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        refused = act("mix", volumes="fai:1000.01")
        made = on_stand("handler", act("mix"), refused, "vial", "delivered", "deviation", "flagged")
        async with ready(tmp_path, made) as opened:
            yield opened


class TestModbusSpinCoater(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        made = on_stand("line_a", act("spin"), act("spin", delay=60.5), "speed", "duration", "delay")
        async with ready(tmp_path, made) as opened:
            floor = opened.stand.simulated.floor
            assert await floor.start(*FILM[0]) is ErrorNumber.NONE
            await floor.advance(floor.now + timedelta(minutes=10))
            yield opened


class TestModbusHotplate(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        made = on_stand("line_a", act("anneal"), act("anneal", temperature=181.0), "temperature", "duration")
        async with ready(tmp_path, made, "plate_a_1", "hotplate_a_1") as opened:
            yield opened


class TestEpicsDiffractometer(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        readings = ("start", "step", "time_per_step", "n_points", "ratio", "radius")
        made = on_stand("diffractometer", act("scan"), act("scan", stop=95.0), *readings)
        async with ready(tmp_path, made, "xrd_stage", "xrd") as opened:
            yield opened


class TestScpiSpectrometer(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        made = on_stand("spectrometer", act("spectrum"), act("spectrum", averages=0.0), "averages", "n_points")
        async with ready(tmp_path, made, "uv_stage", "uvvis") as opened:
            yield opened


class TestScpiLamp(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        refused = act("illuminate", "lamp_2", suns=2.0)
        made = on_stand("soaker", act("illuminate", "lamp_2"), refused, "suns", "duration", "n_points")
        async with ready(tmp_path, made, "lamp_2", "lamp_1", "lamp_2") as opened:
            yield opened


class TestScpiProbe(InstrumentContract):
    @pytest.fixture
    async def candidate(self, tmp_path):
        made = on_stand("prober", act("sweep"), act("sweep", current=0.1), "spacing", "compliance", "n_points")
        async with ready(tmp_path, made, "probe_stage", "probe") as opened:
            yield opened
