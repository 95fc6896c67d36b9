"""The stand-in for caRepeater: registrations are confirmed, beacons are passed on."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager

import pytest

from lab_agents.repeater import MOST_CLIENTS, Repeater, repeating

HEADER = struct.Struct(">HHHHII")
REGISTER = HEADER.pack(24, 0, 0, 0, 0, 0)
LOOPBACK = 0x7F000001


class Client(asyncio.DatagramProtocol):
    """Keeps what it is sent."""

    def __init__(self):
        self.heard = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.heard.put_nowait(data)


class Wire(asyncio.DatagramTransport):
    """Keeps what is sent through it."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def sendto(self, data, addr=None):
        self.sent.append((data, addr))


@pytest.fixture
def wired():
    repeater, wire = Repeater(), Wire()
    repeater.connection_made(wire)
    return repeater, wire


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def joined(port):
    loop = asyncio.get_running_loop()
    wire, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    yield wire, client
    wire.close()
    await asyncio.sleep(0)


async def test_who_registers_is_confirmed_and_hears_of_servers():
    """Over real sockets, as a client library does it."""
    port = free_port()
    async with repeating(port), joined(port) as (wire, client), joined(port) as (server, unregistered):
        wire.sendto(REGISTER)
        assert HEADER.unpack(await client.heard.get()) == (17, 0, 0, 0, 0, LOOPBACK)
        server.sendto(HEADER.pack(13, 0, 13, 5064, 7, 0))
        assert HEADER.unpack(await client.heard.get()) == (13, 0, 13, 5064, 7, LOOPBACK)
        assert unregistered.heard.empty()


@pytest.mark.parametrize("data", [b"x", b"\xff" * 400, HEADER.pack(99, 0, 0, 0, 0, 0)])
def test_what_is_no_message_of_a_repeater_is_dropped(wired, data):
    repeater, wire = wired
    repeater.datagram_received(REGISTER, ("127.0.0.1", 1))
    repeater.datagram_received(data, ("127.0.0.1", 2))
    assert len(wire.sent) == 1


def test_a_beacon_keeps_the_address_that_its_server_named(wired):
    repeater, wire = wired
    repeater.datagram_received(b"", ("127.0.0.1", 1))
    beacon = HEADER.pack(13, 0, 13, 5064, 7, 0x0A000001)
    repeater.datagram_received(beacon, ("127.0.0.1", 2))
    assert wire.sent[1:] == [(beacon, ("127.0.0.1", 1))]


def test_only_the_newest_clients_are_remembered(wired):
    """Nobody says goodbye, and a repeater lives for months."""
    repeater, wire = wired
    for number in range(MOST_CLIENTS + 3):
        repeater.datagram_received(REGISTER, ("127.0.0.1", 1000 + number))
    wire.sent.clear()
    repeater.datagram_received(HEADER.pack(13, 0, 13, 5064, 7, 0), ("127.0.0.1", 1))
    assert [place[1] for _, place in wire.sent] == list(range(1003, 1003 + MOST_CLIENTS))


async def test_a_port_that_somebody_holds_is_left_to_them():
    """A client takes whoever holds it for a repeater, so nothing is started either."""
    port = free_port()
    async with repeating(port), repeating(port), joined(port) as (wire, client):
        wire.sendto(REGISTER)
        assert HEADER.unpack(await client.heard.get())[0] == 17
