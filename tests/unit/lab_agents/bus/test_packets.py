"""Taking MQTT packets apart and putting them together again."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import MQTTv5, MQTTv311

from lab_agents.bus.packets import (
    CONNECT,
    PUBACK,
    acknowledged,
    acknowledgement,
    kind_of,
    read_connect,
    read_packet,
    read_publish,
)

V311 = int(MQTTv311), bytes.fromhex("10170004 4d515454 0402 0002 000b") + b"tester-1234"
V5 = int(MQTTv5), bytes.fromhex("10190004 4d515454 0502 0002 05 11 00000000 0006") + b"line-7"


def _string(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _publish(topic: str, payload: bytes, qos: int, packet_id: int, level: int) -> bytes:
    """A PUBLISH as section 3.3 of the standards has it."""
    body = _string(topic) + (packet_id.to_bytes(2, "big") if qos else b"") + (b"\x00" if level == 5 else b"") + payload
    length, counted = len(body), b""
    while True:
        length, low = divmod(length, 128)
        counted += bytes((low | (0x80 if length else 0),))
        if not length:
            return bytes((0x30 | qos << 1,)) + counted + body


async def _read_all(data: bytes) -> list[bytes]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while (packet := await read_packet(reader)) is not None:
        found.append(packet)
    return found


def test_a_connect_says_who_it_is_in_both_versions() -> None:
    """MQTT 5 has properties before the client id."""
    assert read_connect(V311[1]) == ("tester-1234", V311[0])
    assert read_connect(V5[1]) == ("line-7", V5[0])
    assert kind_of(V5[1]) == CONNECT


@given(
    topic=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    payload=st.binary(max_size=300),
    other=st.binary(max_size=300),
    qos=st.sampled_from((0, 1)),
    packet_id=st.integers(1, 65535),
    level=st.sampled_from((4, 5)),
)
def test_a_publish_is_read_and_can_carry_something_else(
    topic: str, payload: bytes, other: bytes, qos: int, packet_id: int, level: int
) -> None:
    """Another payload changes nothing but itself and the length."""
    packet = _publish(topic, payload, qos, packet_id, level)
    found = read_publish(packet, level)
    assert (found.topic, found.payload, found.qos) == (topic, payload, qos)
    assert found.packet_id == (packet_id if qos else 0)
    assert found.carrying(payload) == packet
    assert found.carrying(other) == _publish(topic, other, qos, packet_id, level)


async def test_a_stream_is_cut_into_packets_and_a_half_one_is_its_end() -> None:
    """Lengths of one and of several bytes."""
    packets = [V311[1], _publish("a/b", b"x" * 5, 1, 9, 4), _publish("a/b", b"x" * 70_000, 0, 0, 4), acknowledgement(9)]
    assert await _read_all(b"".join(packets)) == packets
    assert await _read_all(b"".join(packets)[:-1]) == packets[:-1]


def test_an_acknowledgement_names_what_it_answers() -> None:
    """PUBACK with a packet id of two bytes."""
    assert acknowledged(acknowledgement(513)) == 513
    assert kind_of(acknowledgement(513)) == PUBACK
