"""Telemetry: what changed is said, what did not only now and then, and a failure is said with its reason."""

import asyncio
from datetime import UTC, datetime

import pytest

from instruments.errors import TransportError
from lab_agents.agents.telemetry import PATIENCE, PERIOD, REPEATS, Shown, TelemetryTeller, shown_of
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import FollowedClock
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import InstrumentDeclaration

TOPICS = Topics("here")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PLATE = Shown("plate", {"temperature": "°C"}, 2.0)


class Plate:
    """Shows a temperature that tests set; None: it does not answer."""

    def __init__(self) -> None:
        self.temperature: float | None = 25.0
        self.n_looks = 0

    async def look(self, instrument):
        self.n_looks += 1
        if self.temperature is None:
            raise TransportError(f"{instrument} did not answer reading temperature within 2 s")
        return {"temperature": self.temperature}


@pytest.fixture
async def stage():
    """A teller of one plate, and what a listener heard."""
    hub, heard = MemoryCarrier(), []
    async with MemoryBus(hub, "line_a") as bus, MemoryBus(hub, "once-1") as listener:
        topic = TOPICS.build("telemetry", instrument="+")
        await listener.subscribe(topic, lambda m: heard.append(Telemetry.model_validate_json(m.payload)))
        plate = Plate()
        yield plate, TelemetryTeller(plate, (PLATE,), bus, TOPICS, FollowedClock(NOON)), heard


async def told(teller, n=1):
    for _ in range(n):
        await teller.tell(PLATE, await teller.look(PLATE))
    await asyncio.sleep(0)


async def test_a_reading_says_value_unit_and_both_times(stage):
    _, teller, heard = stage
    await told(teller)
    (first,) = heard
    assert (first.instrument, dict(first.readings), dict(first.units)) == ("plate", {"temperature": 25.0}, PLATE.units)
    assert first.at == NOON
    assert first.read_at is not None
    assert (first.within, first.trouble) == (2.0 * PATIENCE, "")


async def test_what_has_not_changed_is_repeated_only_now_and_then(stage):
    plate, teller, heard = stage
    await told(teller, 1 + 2 * REPEATS)
    assert len(heard) == 3
    plate.temperature = 26.0
    await told(teller)
    assert [t.readings["temperature"] for t in heard] == [25.0, 25.0, 25.0, 26.0]


async def test_an_instrument_that_does_not_answer_says_so_and_goes_on_when_it_is_back(stage):
    plate, teller, heard = stage
    plate.temperature = None
    await told(teller)
    plate.temperature = 30.0
    await told(teller)
    assert heard[0].trouble == "plate did not answer reading temperature within 2 s"
    assert dict(heard[0].readings) == {}
    assert (heard[1].trouble, heard[1].readings["temperature"]) == ("", 30.0)


async def test_the_loop_looks_and_a_failure_does_not_end_it(stage):
    plate, _, heard = stage
    fast = Shown("plate", PLATE.units, 1e-3)
    async with MemoryBus(MemoryCarrier(), "line_a") as bus:
        teller = TelemetryTeller(plate, (fast,), bus, TOPICS, FollowedClock(NOON))
        running = asyncio.create_task(teller.run())
        while plate.n_looks < 2:
            await asyncio.sleep(0)
        plate.temperature = None
        seen = plate.n_looks
        while plate.n_looks < seen + 2:
            await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
    assert heard == []


async def test_an_agent_whose_instruments_show_nothing_is_done_at_once(stage):
    _, _, _ = stage
    async with MemoryBus(MemoryCarrier(), "line_a") as bus:
        await TelemetryTeller(Plate(), (), bus, TOPICS, FollowedClock(NOON)).run()


def test_the_lab_file_says_how_often_and_whether_at_all():
    def declared(**settings):
        return InstrumentDeclaration(driver="modbus_hotplate", address="modbus://127.0.0.1:1?unit=1", settings=settings)

    usual, fast = shown_of({"a": declared(), "b": declared(telemetry=1), "c": declared(telemetry=0)})
    assert (usual.instrument, usual.period, usual.units["temperature"]) == ("a", PERIOD, "°C")
    assert (fast.instrument, fast.period, fast.within) == ("b", 1.0, PATIENCE)
