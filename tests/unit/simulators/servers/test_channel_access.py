"""The second dispenser's process variables, over one TCP circuit."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import caproto as ca
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.floor import Floor
from simulators.servers.channel_access import DIALECTS, NOBODY, ChannelAccessServer, parse_program
from tests.simulated_world import carry_out, ledger_of, open_floor, token
from tests.thin_film_stand import open_floor as open_thin_film
from tests.thin_film_stand import order

DISPENSER = DIALECTS["epics_dispenser"]
ADDRESS = "ca://127.0.0.1:0/LABB:DISP:"
NEW = f"token={token(1)} epoch=1 command=new_vial"
DOSE = f"token={token(2)} epoch=1 command=dose channel=2 volume=33.5"


class Client:
    """A circuit on caproto's wire format, without its client library."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, prefix: str = "LABB:DISP:") -> None:
        self._reader, self._writer, self._prefix = reader, writer, prefix
        self.peer: tuple[str, int] = writer.get_extra_info("peername")
        self._circuit = ca.VirtualCircuit(our_role=ca.CLIENT, address=self.peer, priority=0)
        self._channels: dict[str, ca.ClientChannel] = {}

    async def open(self) -> None:
        """Say hello."""
        self._send(ca.VersionRequest(priority=0, version=13), ca.HostNameRequest("here"), ca.ClientNameRequest("test"))

    async def read(self, name: str) -> str | float:
        """The value of a variable; texts as texts."""
        data = await self.read_all(name)
        channel = await self._channel(name)
        if channel.native_data_type == ca.ChannelType.CHAR:
            return bytes(data).split(b"\0")[0].decode()
        return float(data[0])

    async def read_all(self, name: str) -> list[float]:
        """All the values of a variable."""
        channel = await self._channel(name)
        self._send(channel.read(data_count=0))
        return list((await self._hear(ca.ReadNotifyResponse)).data)

    async def write(self, name: str, value: str | float) -> bool:
        """Write with completion; whether it was taken."""
        channel = await self._channel(name)
        data = tuple(value.encode()) if isinstance(value, str) else (value,)
        self._send(channel.write(data, notify=True))
        return isinstance(await self._hear(ca.WriteNotifyResponse, ca.ErrorResponse), ca.WriteNotifyResponse)

    async def _channel(self, name: str) -> ca.ClientChannel:
        if name not in self._channels:
            channel = ca.ClientChannel(self._prefix + name, self._circuit)
            self._send(channel.create())
            await self._hear(ca.CreateChanResponse)
            self._channels[name] = channel
        return self._channels[name]

    def _send(self, *commands: object) -> None:
        for buffer in self._circuit.send(*commands):
            self._writer.write(bytes(buffer))

    async def _hear(self, *kinds: type) -> object:
        while True:
            commands, _ = self._circuit.recv(await asyncio.wait_for(self._reader.read(65536), 60))
            for command in commands:
                self._circuit.process_command(command)
            for command in commands:
                if isinstance(command, kinds):
                    return command


@pytest.fixture
async def floor(tmp_path) -> AsyncIterator[Floor]:
    """Instruments without servers."""
    async with open_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
async def client(floor) -> AsyncIterator[Client]:
    """A circuit to the dispenser."""
    server = ChannelAccessServer(floor, "dispenser_b", ADDRESS, DISPENSER)
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
    circuit = Client(reader, writer)
    await circuit.open()
    yield circuit
    writer.close()
    await server.close()


async def test_a_program_runs_and_is_answered_for_its_token(client, floor, tmp_path) -> None:
    """A put with completion is answered when ERROR and LAST_TOKEN say what it did."""
    assert await client.write("PROGRAM", NEW)
    assert (await client.read("ERROR"), await client.read("LAST_TOKEN")) == (0, token(1))
    assert await client.read("STATUS") == 1
    await floor.advance(floor.now + timedelta(minutes=1))
    assert await client.write("PROGRAM", DOSE)
    assert await client.write("ASK", token(2))
    assert await client.read("ANSWER") == f"token={token(2)} state=1 delivered=0 deviation=0"
    await floor.advance(floor.now + timedelta(minutes=1))
    line = (await ledger_of(tmp_path))[-1]
    answer = await client.read("ANSWER")
    expected = f"delivered={line.details['reported']:.9g} deviation={line.details['deviation']:.9g}"
    assert answer == f"token={token(2)} state=2 {expected}"
    assert await client.read("STATUS") == 0


async def test_nobodys_token_is_shown_while_the_verdict_changes(client, monkeypatch) -> None:
    """So that a client can tell whose verdict it has read."""
    shown = []

    def showing(kind):
        write = kind.write

        async def show(self, value, **more):
            if value in (1, NOBODY, token(2)):
                shown.append(value)
            await write(self, value, **more)

        return show

    await client.write("PROGRAM", NEW)
    for kind in (ca.ChannelChar, ca.ChannelInteger):
        monkeypatch.setattr(kind, "write", showing(kind))
    assert await client.write("PROGRAM", DOSE)
    assert shown == [NOBODY, 1, token(2)]


async def test_a_repeated_start_does_not_move_twice(client, tmp_path) -> None:
    """The second put is answered like the first."""
    assert await client.write("PROGRAM", NEW)
    assert await client.write("PROGRAM", NEW)
    assert await client.read("ERROR") == 0
    assert len(await ledger_of(tmp_path)) == 2


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (DOSE, 1),
        (DOSE.replace("epoch=1", "epoch=0"), 4),
        (DOSE.replace("33.5", "101"), 2),
        (DOSE.replace("33.5", "nan"), 2),
        (DOSE.replace("channel=2", "channel=7"), 2),
    ],
)
async def test_a_refusal_stands_in_error(client, floor, words, error) -> None:
    """With its token, which is not kept."""
    await client.write("PROGRAM", NEW)
    if error != 1:
        await floor.advance(floor.now + timedelta(minutes=1))
    assert await client.write("PROGRAM", words)
    assert (await client.read("ERROR"), await client.read("LAST_TOKEN")) == (error, token(2))
    await client.write("ASK", token(2))
    assert "state=0" in await client.read("ANSWER")


async def test_halt_ends_the_program(client) -> None:
    """The token has failed when the put completes."""
    await client.write("PROGRAM", NEW)
    await client.write("ASK", token(1))
    assert await client.write("HALT", 1)
    assert await client.read("STATUS") == 0
    assert "state=3" in await client.read("ANSWER")


async def test_limits_are_read_and_set(client, floor) -> None:
    """And hold for the next start."""
    assert (await client.read("LOW"), await client.read("HIGH")) == (0, 100)
    assert await client.write("HIGH", 10.0)
    assert await client.read("HIGH") == 10
    await client.write("PROGRAM", NEW)
    await floor.advance(floor.now + timedelta(minutes=1))
    await client.write("PROGRAM", DOSE)
    assert await client.read("ERROR") == 2


@pytest.mark.parametrize("words", ["", "xx", NEW + " volume=3", DOSE.replace("channel=2", "channel=two"), "token=1"])
async def test_what_is_no_program_fails_the_put(client, tmp_path, words) -> None:
    """And changes nothing."""
    assert not await client.write("PROGRAM", words)
    assert await client.read("LAST_TOKEN") == "0" * 16
    assert len(await ledger_of(tmp_path)) == 1


@given(st.text(max_size=300))
def test_any_text_is_a_program_or_refused(text) -> None:
    """Property: no text raises anything but the refusal."""
    try:
        order = parse_program(text, DISPENSER)
    except ca.CaprotoValueError:
        return
    assert order.command in ("new_vial", "dose")


async def test_it_answers_searches_on_loopback_only(floor) -> None:
    """Its UDP and TCP port is the one of its address, bound to 127.0.0.1."""
    server = ChannelAccessServer(floor, "dispenser_b", ADDRESS, DISPENSER)
    port = await server.start(0)
    searcher = ca.Broadcaster(our_role=ca.CLIENT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        searcher.client_address = udp.getsockname()
        search = searcher.send(ca.VersionRequest(priority=0, version=13), ca.SearchRequest("LABB:DISP:STATUS", 1, 13))
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(udp, search, ("127.0.0.1", port))
        data, _ = await asyncio.wait_for(loop.sock_recvfrom(udp, 4096), 60)
    commands = searcher.recv(data, ("127.0.0.1", port))
    assert any(isinstance(command, ca.SearchResponse) and command.port == port for command in commands)
    await server.close()


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, b"\x00\x0f" + b"\x00" * 30, b"\x01"])
async def test_bytes_that_are_no_channel_access_never_end_the_server(client, garbage) -> None:
    """Another circuit's garbage is its own, and so is a stray datagram."""
    host, port = client.peer
    _, writer = await asyncio.open_connection(host, port)
    writer.write(garbage)
    await writer.drain()
    writer.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        await asyncio.get_running_loop().sock_sendto(udp, garbage, (host, port))
    assert await client.write("PROGRAM", NEW)
    assert await client.read("STATUS") == 1


async def test_counts_are_those_of_the_token_last_asked(tmp_path) -> None:
    """None before the scan is done; the detector's constants stand there from the beginning."""
    address = "ca://127.0.0.1:0/XRD:"
    async with open_thin_film(tmp_path, "robot", "xrd") as floor:
        await carry_out(floor, ("robot", order(1, "transfer", source="rack_120", target="xrd_stage")))
        server = ChannelAccessServer(floor, "xrd", address, DIALECTS["epics_diffractometer"])
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.start(0))
        circuit = Client(reader, writer, "XRD:")
        await circuit.open()
        assert await circuit.read_all("WAVELENGTHS") == [1.540593, 1.544414]
        assert (await circuit.read("RATIO"), await circuit.read("RADIUS")) == (0.5, 240.0)
        scan = f"token={token(2)} epoch=1 command=scan start=20.0 stop=30.0 step=0.02 time_per_step=0.1"
        assert not await circuit.write("PROGRAM", scan.replace(" step=0.02", ""))
        assert await circuit.write("PROGRAM", scan)
        await circuit.write("ASK", token(2))
        assert await circuit.read("ANSWER") == f"token={token(2)} state=1"
        assert await circuit.read_all("COUNTS") == [0]
        await floor.advance(floor.now + timedelta(hours=1))
        await circuit.write("ASK", token(2))
        assert await circuit.read("ANSWER") == f"token={token(2)} state=2"
        counts = await circuit.read_all("COUNTS")
        assert (len(counts), abs(20 + 0.02 * counts.index(max(counts)) - 28.44) < 0.1) == (501, True)
        await circuit.write("ASK", token(3))
        assert await circuit.read_all("COUNTS") == [0]
        writer.close()
        await server.close()
