"""OPC UA by names, against the simulated robot."""

import asyncio

import pytest

from instruments.addresses import parse_address
from instruments.errors import TransportError
from instruments.transports.connection import Connection
from instruments.transports.opcua import OpcUaWire
from instruments.transports.robot_nodes import ROBOT_NODES
from tests.instrument_stand import PATIENT, CutWire, open_stand
from tests.simulated_world import token


@pytest.fixture
async def connection(tmp_path):
    async with open_stand(tmp_path, "robot") as stand:
        wire = OpcUaWire(parse_address(stand.lab.instruments["robot"].address), ROBOT_NODES, PATIENT)
        opened = Connection(wire, "robot", PATIENT)
        yield opened
        await opened.close()


async def test_variables_and_methods_go_by_name(connection):
    assert await connection.read("Status") == 0
    await connection.write("Halt", 1.0)
    await connection.write("Transfer", (token(1), "1", "stage_a", "rack_1"))
    assert await connection.read("verdict") == 3
    assert list(await connection.read("Ask", token(1))) == [0, ""]
    with pytest.raises(TransportError, match="takes 4 values"):
        await connection.write("Transfer", "stage_a")
    with pytest.raises(TransportError, match="no node Colour"):
        await connection.read("Colour")
    with pytest.raises(TransportError, match="takes a number"):
        await connection.write("Halt", (1, 2))


async def test_nobody_at_the_address_is_said():
    wire = OpcUaWire(parse_address("opc.tcp://127.0.0.1:1/robot"), ROBOT_NODES, 0.5)
    with pytest.raises(TransportError, match="robot"):
        await Connection(wire, "robot", PATIENT).read("Status")


async def test_a_silent_server_is_hung_up_on_although_it_takes_no_leave(tmp_path):
    async with open_stand(tmp_path, "robot") as stand:
        address = parse_address(stand.lab.instruments["robot"].address)
        cut = CutWire(address.port)
        wire = OpcUaWire(address.at_port(await cut.start()), ROBOT_NODES, PATIENT)
        await wire.open()
        cut.swallows = True
        leaving = asyncio.create_task(wire.close())
        await asyncio.sleep(0.05)
        leaving.cancel()
        await asyncio.wait({leaving})
        assert not wire.is_open
        async with asyncio.timeout(PATIENT):
            while cut.n_connections:
                await asyncio.sleep(0.01)
        await cut.close()
