"""The Modbus wire, spoken by hand."""

import asyncio
import struct
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.floor import Floor
from simulators.servers.modbus import KINDS, ModbusServer, Unit
from tests.simulated_world import carry_out, ledger_of, open_floor
from tests.thin_film_stand import open_floor as open_thin_film
from tests.thin_film_stand import order

UNITS = {1: Unit("dispenser_a", *KINDS["modbus_dispenser"]), 2: Unit("coater_a", *KINDS["modbus_coater"])}


class Client:
    """One TCP connection that speaks Modbus frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._number = 0

    async def ask(self, unit: int, pdu: bytes) -> bytes:
        """Send one request; the answer's bytes from the function code on."""
        self.send(unit, pdu)
        return await self.answer()

    def send(self, unit: int, pdu: bytes) -> None:
        """Send one request and do not wait."""
        self._number += 1
        self.writer.write(struct.pack(">HHHB", self._number, 0, len(pdu) + 1, unit) + pdu)

    async def answer(self) -> bytes:
        """The next answer."""
        header = await asyncio.wait_for(self.reader.readexactly(7), 60)
        return await self.reader.readexactly(struct.unpack(">HHHB", header)[2] - 1)

    async def read(self, unit: int, address: int, count: int) -> bytes:
        """The bytes of `count` registers."""
        answer = await self.ask(unit, struct.pack(">BHH", 3, address, count))
        assert answer[0] == 3, answer
        return answer[2:]

    async def write(self, unit: int, address: int, data: bytes) -> bytes:
        """Write registers; the answer."""
        return await self.ask(unit, write(address, data))

    async def state(self, unit: int, token: int) -> tuple[int, float, float]:
        """Token state and results."""
        await self.write(unit, 20, struct.pack(">Q", token))
        answer = await self.read(unit, 24, 6)
        state, _, first, second = struct.unpack(">HHff", answer)
        return state, first, second


def write(address: int, data: bytes) -> bytes:
    """A write of function 16."""
    return struct.pack(">BHHB", 16, address, len(data) // 2, len(data)) + data


def program(token: int, epoch: int, command: int, channel: int = 0, first: float = 0, second: float = 0) -> bytes:
    """The twelve registers of a program."""
    return struct.pack(">QIHHff", token, epoch, command, channel, first, second)


@pytest.fixture
async def floor(tmp_path) -> AsyncIterator[Floor]:
    """Instruments without servers."""
    async with open_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(floor) -> AsyncIterator[Client]:
    """A connection to a server of units 1 and 2."""
    server = ModbusServer(floor, UNITS)
    port = await server.start(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Client(reader, writer)
    writer.close()
    await server.close()


async def test_a_unit_says_what_it_is(client) -> None:
    """Model, firmware, idle, no error, no token, no epoch."""
    assert await client.read(1, 0, 10) == struct.pack(">HHHHQI", 0x4450, 1, 0, 0, 0, 0)
    assert await client.read(2, 0, 2) == struct.pack(">HH", 0x434F, 1)


async def test_a_program_runs_and_is_answered_for_its_token(client, floor, tmp_path) -> None:
    """From never seen over running to done, with the volume as reported."""
    assert await client.state(1, 0xA1) == (0, 0, 0)
    await client.write(1, 100, program(0xA1, 3, 1))
    assert (await client.state(1, 0xA1))[0] == 1
    assert struct.unpack(">HHQI", await client.read(1, 2, 8)) == (1, 0, 0xA1, 3)
    await floor.advance(floor.now + timedelta(minutes=1))
    await client.write(1, 100, program(0xA2, 3, 2, channel=4, first=20.0))
    assert await client.state(1, 0xA2) == (1, 0, 0)
    await floor.advance(floor.now + timedelta(minutes=1))
    state, reported, deviation = await client.state(1, 0xA2)
    line = (await ledger_of(tmp_path))[-1]
    assert state == 2
    assert reported == pytest.approx(line.details["reported"])
    assert deviation == pytest.approx(line.details["deviation"])
    assert (line.token, line.epoch, line.details["channel"]) == ("00000000000000a2", 3, 4)


async def test_a_repeated_start_does_not_move_twice(client, floor, tmp_path) -> None:
    """The second write is answered like the first."""
    first = await client.write(1, 100, program(0xA1, 1, 1))
    assert await client.write(1, 100, program(0xA1, 1, 1)) == first
    await floor.advance(floor.now + timedelta(minutes=1))
    assert await client.write(1, 100, program(0xA1, 1, 1)) == first
    assert len(await ledger_of(tmp_path)) == 2


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (program(0xB1, 1, 2, channel=1, first=5000.0), 2),
        (program(0xB1, 1, 2, channel=1, first=float("nan")), 2),
        (program(0xB1, 0, 2, channel=1, first=5.0), 4),
    ],
)
async def test_a_refusal_stands_in_the_error_register(client, floor, sent, error) -> None:
    """With its token, which is not kept."""
    await client.write(1, 100, program(0xA1, 1, 1))
    await floor.advance(floor.now + timedelta(minutes=1))
    await client.write(1, 100, sent)
    assert struct.unpack(">HQ", await client.read(1, 3, 5)) == (error, 0xB1)
    assert (await client.state(1, 0xB1))[0] == 0


async def test_a_busy_instrument_says_so_and_a_halt_frees_it(client) -> None:
    """The halted token has failed."""
    await client.write(1, 100, program(0xA1, 1, 1))
    await client.write(1, 100, program(0xA2, 1, 1))
    assert struct.unpack(">H", await client.read(1, 3, 1)) == (1,)
    await client.write(1, 10, struct.pack(">H", 1))
    assert (await client.state(1, 0xA1))[0] == 3
    assert struct.unpack(">H", await client.read(1, 2, 1)) == (0,)


async def test_the_asked_token_belongs_to_the_connection(client, floor) -> None:
    """Two clients do not disturb one another."""
    await client.write(1, 100, program(0xA1, 1, 1))
    await client.write(1, 20, struct.pack(">Q", 0xA1))
    host, port = client.writer.get_extra_info("peername")
    reader, writer = await asyncio.open_connection(host, port)
    other = Client(reader, writer)
    assert (await other.state(1, 0xFF))[0] == 0
    assert struct.unpack(">QH", await client.read(1, 20, 5)) == (0xA1, 1)
    writer.close()


async def test_limits_are_read_and_set(client) -> None:
    """And hold for the next start."""
    assert struct.unpack(">ff", await client.read(1, 40, 4)) == (0, 100)
    await client.write(2, 42, struct.pack(">f", 500.0))
    assert struct.unpack(">ff", await client.read(2, 40, 4)) == (100, 500)
    await client.write(2, 100, program(0xC1, 1, 1, first=1500.0, second=45.0))
    assert struct.unpack(">H", await client.read(2, 3, 1)) == (2,)


@pytest.mark.parametrize(
    ("unit", "pdu", "exception"),
    [
        (1, struct.pack(">BHH", 1, 0, 8), 1),
        (1, struct.pack(">BHH", 3, 99, 2), 2),
        (1, write(0, b"\0\1"), 2),
        (1, write(100, program(1, 1, 1)[:22]), 2),
        (1, write(100, program(1, 1, 77)), 3),
        (1, write(40, struct.pack(">f", float("inf"))), 3),
        (9, struct.pack(">BHH", 3, 0, 1), 11),
    ],
)
async def test_what_cannot_be_meant_is_answered_with_an_exception(client, tmp_path, unit, pdu, exception) -> None:
    """And nothing moves."""
    answer = await client.ask(unit, pdu)
    assert answer == bytes([pdu[0] | 0x80, exception])
    assert len(await ledger_of(tmp_path)) == 1


async def test_requests_in_one_packet_are_all_answered_in_order(client) -> None:
    """A client may send before it has heard."""
    for address in (0, 2, 40):
        client.send(1, struct.pack(">BHH", 3, address, 1))
    answers = [await client.answer() for _ in range(3)]
    assert [answer[2:] for answer in answers] == [b"\x44\x50", b"\0\0", b"\0\0"]


async def test_what_was_received_is_executed_although_the_client_hangs_up(client, floor) -> None:
    """Bytes already sent still execute: so reconciling waits before it asks."""
    began = asyncio.Event()
    floor.listen(began.set)
    client.send(1, write(100, program(0xA1, 1, 1)))
    await client.writer.drain()
    client.writer.close()
    await asyncio.wait_for(began.wait(), 60)
    assert floor.instruments["dispenser_a"].ask("00000000000000a1") is not None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(min_size=1, max_size=300))
async def test_garbage_never_ends_the_server(client, garbage) -> None:
    """Property: whatever one connection sends, the next one is served."""
    host, port = client.writer.get_extra_info("peername")
    _, writer = await asyncio.open_connection(host, port)
    writer.write(garbage)
    writer.close()
    assert (await client.read(1, 0, 1)) == b"\x44\x50"


async def test_a_lost_answer_leaves_a_running_program(tmp_path) -> None:
    """The declared fault: accepted, running, and the connection closes without a word."""
    async with open_floor(tmp_path, lost_answer_rate=1.0) as floor:
        server = ModbusServer(floor, UNITS)
        port = await server.start(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        Client(reader, writer).send(1, write(100, program(0xA1, 1, 1)))
        assert await asyncio.wait_for(reader.read(), 60) == b""
        assert floor.instruments["dispenser_a"].running is not None
        writer.close()
        await server.close()


SPIN = {1: Unit("spin_a", *KINDS["modbus_spin_coater"]), 11: Unit("hotplate_a_1", *KINDS["modbus_hotplate"])}


@pytest.fixture
async def line(tmp_path) -> AsyncIterator[tuple[Client, Floor]]:
    """A connection to a spin coater and one position of a hotplate, with ink in the vial."""
    async with open_thin_film(tmp_path, "handler", "robot", "spin_a", "hotplate_a_1") as floor:
        await carry_out(floor, ("handler", order(1, "mix")))
        server = ModbusServer(floor, SPIN)
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
        yield Client(reader, writer), floor
        writer.close()
        await server.close()


async def test_a_spin_takes_three_numbers_and_gives_three(line) -> None:
    """Fourteen registers in one write; speed, duration and the drop's moment come back."""
    client, floor = line
    words = struct.pack(">QIHHfff", 9, 1, 1, 0, 4000.0, 40.0, 15.0)
    assert (await client.write(1, 100, words[:-4]))[0] == 0x90
    assert (await client.write(1, 100, words))[0] == 16
    await floor.advance(floor.now + timedelta(hours=1))
    await client.write(1, 20, struct.pack(">Q", 9))
    state, _, speed, duration, delay = struct.unpack(">HHfff", await client.read(1, 24, 8))
    assert (state, duration) == (2, 40.0)
    assert (speed, delay) == (pytest.approx(4000, rel=0.02), pytest.approx(15, abs=2))


async def test_sensors_are_registers_of_those_that_have_them(line) -> None:
    """Dryness, door and extraction in one read, a hotplate's temperature, a tray's substrates; then nothing."""
    client, _ = line
    for unit in (1, 11):
        dryness, door, extraction = struct.unpack(">fff", await client.read(unit, 60, 6))
        assert 0 < dryness < 1
        assert (door, extraction) == (0.0, 1.0)
    assert struct.unpack(">f", await client.read(11, 66, 2)) == (25.0,)
    assert struct.unpack(">f", await client.read(1, 68, 2)) == (130.0,)
    assert (await client.ask(1, struct.pack(">BHH", 3, 70, 1)))[0] == 0x83
    assert (await client.ask(11, struct.pack(">BHH", 3, 30, 2)))[0] == 0x83
