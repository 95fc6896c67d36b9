"""The robot's OPC UA nodes."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from asyncua import Client, ua

from simulators.floor import Floor
from simulators.servers.opcua import FACES, OpcuaServer, is_token
from tests.simulated_world import carry_out, film, open_floor, token


class Robot:
    """The robot as a client sees it."""

    def __init__(self, client: Client, index: int, node: object) -> None:
        self.client, self._index, self._node = client, index, node

    async def transfer(self, name: str, epoch: int, source: str, target: str) -> int:
        """Call Transfer."""
        number = ua.Variant(epoch, ua.VariantType.Int64)
        return await self._node.call_method(f"{self._index}:Transfer", name, number, source, target)

    async def ask(self, name: object) -> tuple[int, str]:
        """Call Ask."""
        return tuple(await self._node.call_method(f"{self._index}:Ask", name))

    async def read(self, name: str) -> object:
        """Read a variable."""
        return await (await self._node.get_child(f"{self._index}:{name}")).read_value()

    async def write(self, name: str, value: int) -> None:
        """Write a variable."""
        await (await self._node.get_child(f"{self._index}:{name}")).write_value(value, ua.VariantType.Int64)


@pytest.fixture
async def floor(tmp_path) -> AsyncIterator[Floor]:
    """A film stands on stage_a."""
    async with open_floor(tmp_path) as opened:
        await carry_out(opened, *film(1, (1, 50.0)))
        yield opened


@pytest.fixture
async def robot(floor) -> AsyncIterator[Robot]:
    """A connected client."""
    server = OpcuaServer(floor, "robot", FACES["opcua_robot"])
    port = await server.start(0)
    async with Client(f"opc.tcp://127.0.0.1:{port}/robot") as client:
        index = await client.get_namespace_index("urn:lab-agents:robot")
        yield Robot(client, index, await client.nodes.objects.get_child(f"{index}:Robot"))
    await server.close()


async def test_a_transfer_moves_the_film_the_sensors_see(robot, floor) -> None:
    """Running, then done; a repeated call is answered and moves nothing."""
    before = json.loads(await robot.read("Places"))
    assert before["stage_a"] == "film"
    assert before["rack_1"] == ""
    assert await robot.ask(token(20)) == (0, "")
    assert await robot.transfer(token(20), 2, "stage_a", "rack_1") == 0
    assert await robot.transfer(token(20), 2, "stage_a", "rack_1") == 0
    assert await robot.ask(token(20)) == (1, "stage_a to rack_1")
    assert (await robot.read("Status"), await robot.read("Token")) == (1, token(20))
    await floor.advance(floor.next_end())
    assert await robot.ask(token(20)) == (2, "stage_a to rack_1")
    after = json.loads(await robot.read("Places"))
    assert after["stage_a"] == ""
    assert after["rack_1"] == "film"


async def test_refusals_are_answered_as_error_numbers(robot) -> None:
    """Empty source, unknown place, busy, fenced."""
    assert await robot.transfer(token(20), 5, "stage_b", "rack_1") == 3
    assert await robot.transfer(token(21), 5, "stage_a", "moon") == 2
    assert await robot.transfer(token(22), 4, "stage_a", "rack_1") == 4
    assert await robot.transfer(token(23), 5, "stage_a", "rack_1") == 0
    assert await robot.transfer(token(24), 5, "rack_1", "rack_2") == 1
    assert await robot.ask(token(24)) == (0, "")


async def test_writing_halt_ends_the_transfer(robot) -> None:
    """When the write is answered, the robot stands."""
    await robot.transfer(token(20), 1, "stage_a", "rack_1")
    await robot.write("Halt", 1)
    assert await robot.read("Status") == 0
    assert (await robot.ask(token(20)))[0] == 3


@pytest.mark.parametrize("name", ["", "xyz", "A" * 16, 7])
def test_a_token_is_sixteen_hexadecimal_digits(name) -> None:
    """Checked before anything is looked up."""
    assert not is_token(name)


async def test_what_cannot_be_meant_is_a_bad_status(robot) -> None:
    """The session goes on."""
    with pytest.raises(ua.UaStatusCodeError):
        await robot.ask("xyz")
    with pytest.raises(ua.UaStatusCodeError):
        await robot.transfer("xyz", 1, "stage_a", "rack_1")
    with pytest.raises(ua.UaStatusCodeError):
        await robot.write("Status", 1)
    assert await robot.read("Status") == 0


async def test_bytes_that_are_no_opc_ua_never_end_the_server(robot) -> None:
    """Another connection's garbage is its own."""
    url = robot.client.server_url
    for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 200, b"HELF\x00\x00\x00\x10"):
        _, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(garbage)
        await writer.drain()
        writer.close()
    assert await robot.read("Status") == 0
