"""The bus in memory."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.bus.protocol import Message
from tests.contracts.bus import BusContract, Inbox


class MemoryVictim:
    """A member that dies by losing its connection."""

    def __init__(self, bus):
        self._bus = bus

    async def kill(self):
        self._bus.kill()


class MemoryWorld:
    """A carrier in memory."""

    def __init__(self, carrier):
        self.carrier = carrier

    def make(self, name):
        return MemoryBus(self.carrier, name)

    @asynccontextmanager
    async def make_victim(self, name, will):
        async with MemoryBus(self.carrier, name, will) as bus:
            yield MemoryVictim(bus)

    async def keep(self):
        pass

    async def stop(self):
        self.carrier.stop()

    async def start(self):
        self.carrier.start()


class TestMemoryBus(BusContract):
    """The conformance suite in memory."""

    @pytest.fixture
    def world(self):
        return MemoryWorld(MemoryCarrier())


class TestFaultyBusWithoutFaults(BusContract):
    """The faulty carrier with every probability at zero is a good one."""

    @pytest.fixture
    def world(self):
        return MemoryWorld(FaultyCarrier(seed=1, faults=Faults()))


async def test_nothing_is_delivered_within_publish():
    async with MemoryBus(MemoryCarrier(), "a") as a:
        heard = []
        await a.subscribe("x", heard.append)
        publishing = asyncio.ensure_future(a.publish("x", b"1"))
        assert heard == []
        await publishing
        await asyncio.sleep(0)
        assert heard == [Message("x", b"1")]


async def test_what_was_published_before_a_death_still_arrives():
    carrier = MemoryCarrier()
    async with MemoryBus(carrier, "a") as a, MemoryBus(carrier, "b") as b:
        inbox = Inbox()
        await b.subscribe("x", inbox)
        await a.publish("x", b"last words")
        a.kill()
        assert await inbox.payloads(1) == [b"last words"]
        assert await a.publish("x", b"from the grave") is False


async def test_what_was_on_its_way_to_a_dead_member_is_lost():
    carrier = MemoryCarrier()
    heard = []
    async with MemoryBus(carrier, "a") as a, MemoryBus(carrier, "b") as b:
        await b.subscribe("x", heard.append)
        publishing = asyncio.ensure_future(a.publish("x", b"1"))
        await asyncio.sleep(0)
        b.kill()
        carrier.join(b)
        await publishing
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert heard == []


async def test_a_second_member_of_the_same_name_displaces_the_first():
    carrier = MemoryCarrier()
    async with MemoryBus(carrier, "a", ("status", b"dead")) as first, MemoryBus(carrier, "a") as second:
        assert not first.is_connected
        assert second.is_connected
        assert carrier.retained == {"status": b"dead"}
