"""Modbus TCP by names, against the simulated laboratory's server."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.addresses import parse_address
from instruments.errors import TransportError
from instruments.transports.connection import Connection
from instruments.transports.modbus import (
    ModbusWire,
    float_words,
    long_words,
    register,
    token_words,
    words_float,
    words_token,
)
from instruments.transports.program_registers import PROGRAM_REGISTERS
from tests.instrument_stand import PATIENT, CutWire, open_stand
from tests.simulated_world import token


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_words(value):
    assert words_float(float_words(value)) == value


@given(st.integers(0, 2**56 - 1))
def test_a_token_survives_its_words(number):
    assert words_token(token_words(token(number))) == token(number)
    assert len(long_words(number % 2**32)) == 2


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "dispenser_a", "coater_a") as opened:
        yield opened


def _wire(stand, name, port=None, limit=PATIENT):
    address = parse_address(stand.lab.instruments[name].address)
    return ModbusWire(address if port is None else address.at_port(port), PROGRAM_REGISTERS, limit)


async def test_registers_are_read_and_written_by_name(stand):
    connection = Connection(_wire(stand, "coater_a"), "coater_a", PATIENT)
    assert await connection.read("model") == 0x434F
    assert await connection.read("status") == 0
    assert (await connection.read("low"), await connection.read("high")) == (100.0, 6000.0)
    await connection.write("high", 5000.0)
    assert await connection.read("high") == 5000.0
    assert await connection.read("answer", token(1)) == (0, 0, 0, 0, 0, 0)
    await connection.write("halt", 1.0)
    await connection.close()


async def test_units_behind_one_port_are_told_apart(stand):
    connection = Connection(_wire(stand, "dispenser_a"), "dispenser_a", PATIENT)
    assert await connection.read("model") == 0x4450
    await connection.close()


@pytest.mark.parametrize("signal", ["temperature", "program"])
async def test_a_signal_that_cannot_be_read_is_refused(stand, signal):
    connection = Connection(_wire(stand, "coater_a"), "coater_a", PATIENT)
    with pytest.raises(TransportError):
        await connection.read(signal)
    await connection.close()


async def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(stand):
    wire = _wire(stand, "coater_a")
    await wire.open()
    for signal, value in (("program", (1, 2)), ("program", 1.0), ("halt", "now")):
        with pytest.raises(TransportError, match="takes"):
            await wire.write(signal, value)
    await wire.close()
    with pytest.raises(TransportError, match="not connected"):
        await wire.read("status", "")


async def test_an_unanswered_write_is_on_the_wire_once(stand):
    cut = CutWire(parse_address(stand.lab.instruments["coater_a"].address).port)
    wire = _wire(stand, "coater_a", await cut.start(), limit=0.3)
    connection = Connection(wire, "coater_a", PATIENT)
    while not wire.is_open:
        # The limit is short for the sake of the write; a busy machine may need longer to connect.
        with contextlib.suppress(TransportError):
            await connection.connect()
    cut.swallows = True
    with pytest.raises(TransportError) as error:
        await connection.write("high", 5000.0)
    assert error.value.sent
    await asyncio.sleep(0.5)
    assert cut.forwarded.count(bytes((16, 0, 42))) == 1
    await connection.close()
    await cut.close()


async def test_nobody_at_the_address_is_said():
    wire = ModbusWire(parse_address("modbus://127.0.0.1:1?unit=1"), {"status": register(2)}, 0.3)
    with pytest.raises(TransportError, match="nothing listens"):
        await Connection(wire, "coater_a", PATIENT).read("status")
