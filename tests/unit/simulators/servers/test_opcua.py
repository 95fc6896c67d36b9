"""The robot's OPC UA nodes."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from asyncua import Client, ua

from simulators.floor import Floor
from simulators.servers.opcua import FACES, OpcuaServer, is_token
from tests.simulated_world import carry_out, film, open_floor, token
from tests.thin_film_stand import open_floor as open_thin_film


class Robot:
    """The robot as a client sees it."""

    def __init__(self, client: Client, index: int, node: object) -> None:
        self.client, self._index, self._node = client, index, node

    async def transfer(self, name: str, epoch: int, source: str, target: str) -> int:
        """Call Transfer."""
        return await self.call("Transfer", name, epoch, source, target)

    async def call(self, method: str, name: object, epoch: int, *texts: object) -> int:
        """Call a method that starts a program."""
        return await self._node.call_method(
            f"{self._index}:{method}", name, ua.Variant(epoch, ua.VariantType.Int64), *texts
        )

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


@pytest.fixture
async def handler(tmp_path) -> AsyncIterator[tuple[Robot, Floor]]:
    """A client of a liquid handler, with its object, and the floor."""
    async with open_thin_film(tmp_path, "handler", clog_rate=1.0, clog_seen_rate=1.0) as floor:
        server = OpcuaServer(floor, "handler", FACES["opcua_handler"])
        async with Client(f"opc.tcp://127.0.0.1:{await server.start(0)}/handler") as client:
            index = await client.get_namespace_index("urn:lab-agents:handler")
            yield Robot(client, index, await client.nodes.objects.get_child(f"{index}:Handler")), floor
        await server.close()


async def test_a_mix_tells_what_it_delivered_and_what_it_found_wrong(handler) -> None:
    """Nothing before it is done; then every stock, and those that the pressure sensor flagged."""
    client, floor = handler
    assert await client.call("Mix", token(5), 1, "vial_a", "fai:100.00;pbi2:50.00") == 0
    assert await client.ask(token(5)) == (1, "")
    await floor.advance(floor.now + timedelta(hours=1))
    state, detail = await client.ask(token(5))
    told = json.loads(detail)
    assert (state, set(told["delivered"]), told["flagged"]) == (2, {"fai", "pbi2"}, ["fai", "pbi2"])
    assert told["delivered"]["fai"] <= 100
    assert json.loads(await client.read("Stocks"))["csi"] == 25000
    assert await client.read("Tips") == 1998


async def test_a_mixture_that_cannot_be_meant_is_refused(handler) -> None:
    """A place for no vial, volumes that are none; and what is no text is no call."""
    client, _ = handler
    assert await client.call("Mix", token(5), 1, "rack_1", "fai:1.00") == 2
    assert await client.call("Mix", token(5), 1, "vial_a", "fai=1") == 2
    with pytest.raises(ua.UaStatusCodeError):
        await client.call("Mix", token(5), 1, "vial_a", 7)
