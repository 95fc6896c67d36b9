"""The relay between clients and a broker, against a broker of one page that echoes every publish."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from lab_agents.bus.faulty import Faults
from lab_agents.bus.packets import PUBACK, PUBLISH, acknowledged, acknowledgement, kind_of, read_packet, read_publish
from lab_agents.bus.relay import Relay

N = 60
GOODBYE = b"\xe0\x00"
"""A DISCONNECT."""
Client = tuple[Relay, asyncio.StreamReader, asyncio.StreamWriter]


def connect(client: str) -> bytes:
    """A CONNECT of MQTT 3.1.1."""
    body = b"\x00\x04MQTT\x04\x02\x00\x02" + len(client).to_bytes(2, "big") + client.encode()
    return bytes((0x10, len(body))) + body


def publish(number: int) -> bytes:
    """A message with QoS 1 whose payload is its packet id."""
    body = b"\x00\x07numbers" + number.to_bytes(2, "big") + b"%d" % number
    return bytes((0x32, len(body))) + body


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Acknowledge every message and send it back with QoS 0, in order, until the client takes its leave."""
    while (packet := await read_packet(reader)) not in (None, GOODBYE):
        assert packet is not None
        if kind_of(packet) == PUBLISH:
            message = read_publish(packet, 4)
            writer.write(acknowledgement(message.packet_id))
            body = b"\x00\x07numbers" + message.payload
            writer.write(bytes((0x30, len(body))) + body)
    writer.close()


@asynccontextmanager
async def relayed(faults: Faults, seed: int = 1) -> AsyncIterator[Client]:
    """A client named `line_a` behind a relay with these faults."""
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as broker:
        url = f"mqtt://127.0.0.1:{broker.sockets[0].getsockname()[1]}"
        relay = Relay(lambda: url, seed, faults)
        place = urlsplit(await relay.start())
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(connect("line_a-3"))
        try:
            yield relay, reader, writer
        finally:
            writer.close()
            await relay.close()


async def exchange(faults: Faults, seed: int = 1) -> tuple[list[bytes], list[int], Relay]:
    """Send N messages; payloads that came back in order, packet ids acknowledged, the relay."""
    payloads: list[bytes] = []
    answered: list[int] = []
    async with relayed(faults, seed) as (relay, reader, writer):
        for number in range(1, N + 1):
            writer.write(publish(number))
        writer.write(GOODBYE)
        while (packet := await read_packet(reader)) is not None:
            if kind_of(packet) == PUBACK:
                answered.append(acknowledged(packet))
            else:
                payloads.append(read_publish(packet, 4).payload)
    return payloads, answered, relay


EVERYTHING = [b"%d" % number for number in range(1, N + 1)]


async def test_without_faults_nothing_changes() -> None:
    """Bytes in, the same bytes out."""
    payloads, answered, relay = await exchange(Faults())
    assert (payloads, answered) == (EVERYTHING, list(range(1, N + 1)))
    assert not +relay.given


async def test_a_lost_message_is_acknowledged_all_the_same() -> None:
    """Its sender believes in a delivery that never was."""
    payloads, answered, relay = await exchange(Faults(loss=0.3))
    assert 0 < relay.given["loss"] == N - len(payloads)
    assert set(payloads) < set(EVERYTHING)
    assert sorted(answered) == list(range(1, N + 1))


async def test_an_unanswered_message_arrives() -> None:
    """Its sender is never told."""
    payloads, answered, relay = await exchange(Faults(silence=0.3))
    assert payloads == EVERYTHING
    assert len(answered) == N - relay.given["silence"] < N


async def test_doubled_and_malformed_messages_are_counted() -> None:
    """Twice the same bytes, or bytes that are none of ours."""
    payloads, _, relay = await exchange(Faults(doubling=0.3))
    assert len(payloads) == N + relay.given["doubling"] > N
    payloads, _, relay = await exchange(Faults(garbling=0.3))
    assert len(payloads) == N
    assert 0 < sum(payload not in EVERYTHING for payload in payloads) <= relay.given["garbling"]


@pytest.mark.parametrize("faults", [Faults(loss=0.2, doubling=0.2, garbling=0.2)])
async def test_the_same_seed_does_the_same(faults: Faults) -> None:
    """And another one does not."""
    first, again, other = [(await exchange(faults, seed))[0] for seed in (1, 1, 2)]
    assert first == again != other


async def test_what_is_cut_off_waits_and_arrives_once_it_is_mended() -> None:
    """Nothing passes meanwhile, either way; another process is not concerned."""
    async with relayed(Faults()) as (relay, reader, writer):
        writer.write(publish(1))
        assert acknowledged(await read_packet(reader) or b"") == 1
        assert kind_of(await read_packet(reader) or b"") == PUBLISH
        relay.cut("line_a")
        relay.cut("line_b")
        writer.write(publish(2))
        late = asyncio.create_task(read_packet(reader))
        done, _ = await asyncio.wait({late}, timeout=0.1)
        assert not done
        relay.mend("line_a")
        assert acknowledged(await late or b"") == 2


async def test_a_client_is_hung_up_on_while_the_broker_is_down() -> None:
    """It tries again, as with the broker itself."""
    relay = Relay(lambda: "mqtt://127.0.0.1:1", 1)
    place = urlsplit(await relay.start())
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(connect("line_a-3"))
    assert await reader.read() == b""
    writer.close()
    await relay.close()
