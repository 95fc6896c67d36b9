"""SCPI by names, against the simulated tester."""

import asyncio

import pytest

from instruments.addresses import parse_address
from instruments.errors import TransportError
from instruments.transports.connection import Connection
from instruments.transports.scpi import ScpiCommand, ScpiWire
from instruments.transports.tester_commands import TESTER_COMMANDS
from tests.instrument_stand import PATIENT, open_stand
from tests.simulated_world import token

ODD = {
    **TESTER_COMMANDS,
    "IDN": ScpiCommand(query="*IDN?", answer="text"),
    "IDN:NUMBER": ScpiCommand(query="*IDN?"),
    "NONSENSE": ScpiCommand(write="MAKE COFFEE"),
}


@pytest.fixture
async def connection(tmp_path):
    async with open_stand(tmp_path, "tester") as stand:
        wire = ScpiWire(parse_address(stand.lab.instruments["tester"].address), ODD, PATIENT)
        opened = Connection(wire, "tester", PATIENT)
        yield opened
        await opened.close()


async def test_lines_are_sent_and_answers_read_by_name(connection):
    assert await connection.read("IDN") == "Lab Agents,LST-1,0,1"
    assert await connection.read("STAT") == 0.0
    assert await connection.read("CAL:TAU") > 0
    assert len(await connection.read("CAL:SCALE")) == 2
    assert await connection.read("TRACE:DATA", token(1)) == ()
    assert await connection.read("SOAK:STATE", token(1)) == 0.0
    await connection.write("LAMP", 0.0)
    assert await connection.read("LAMP") == 0.0


async def test_the_verdict_of_a_start_is_its_own_not_that_of_an_older_line(connection):
    await connection.write("NONSENSE", 0)
    await connection.write("SOAK:START", f'"{token(1)}",1,3600.0')
    # No film stands on the stage.
    assert await connection.read("verdict") == 3.0


async def test_what_is_no_signal_or_no_number_is_a_transport_error(connection):
    for request in (connection.read("COFFEE"), connection.read("SOAK:START"), connection.read("IDN:NUMBER")):
        with pytest.raises(TransportError):
            await request
    with pytest.raises(TransportError, match="cannot be written"):
        await connection.write("STAT", 1.0)


async def test_nobody_at_the_address_is_said():
    wire = ScpiWire(parse_address("scpi://127.0.0.1:1"), TESTER_COMMANDS, 0.5)
    with pytest.raises(TransportError, match="cannot be reached"):
        await Connection(wire, "tester", PATIENT).read("STAT")


async def test_a_client_that_hangs_up_leaves_the_others_connected(tmp_path):
    """Also while another instrument's answer is waited for: an agent may drive several, each with its own client."""
    async with open_stand(tmp_path, "tester") as stand:
        address = parse_address(stand.lab.instruments["tester"].address)
        first, second = (ScpiWire(address, ODD, PATIENT) for _ in range(2))
        await first.open()
        await second.open()
        await first.close()
        assert await second.read("IDN", "") == "Lab Agents,LST-1,0,1"
        await first.open()
        assert await first.read("STAT", "") == 0.0
        await second.close()
        await first.close()


async def test_a_session_that_is_opened_while_nobody_waits_any_more_is_closed(tmp_path):
    """Whoever ends an engine cancels its tasks again and again, also one that already cleans up."""
    async with open_stand(tmp_path, "tester") as stand:
        wire = ScpiWire(parse_address(stand.lab.instruments["tester"].address), ODD, PATIENT)
        connecting = asyncio.create_task(Connection(wire, "tester", PATIENT).connect())
        # The thread has connected and asks who is there, which this loop answers in some later turn.
        while not wire.is_open:
            await asyncio.sleep(0)
        for _ in range(3):
            connecting.cancel()
            await asyncio.sleep(0)
        await asyncio.wait({connecting})
        assert connecting.cancelled()
        with pytest.raises(TransportError, match="not connected"):
            await wire.read("IDN", "")
