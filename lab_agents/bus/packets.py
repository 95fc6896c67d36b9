"""MQTT packets as bytes: where one ends in a stream, who connects, what a publish carries.

As much of MQTT 3.1.1 and 5 (OASIS standards) as a relay between a client and a broker has to read, and no more.
"""

import asyncio
from dataclasses import dataclass

CONNECT, PUBLISH, PUBACK = 1, 3, 4
"""Kinds of packets, in the upper four bits of the first byte."""


@dataclass(frozen=True)
class Publish:
    """One message: its topic, its QoS, its packet id (0 where it has none), the bytes before its payload and these."""

    topic: str
    qos: int
    packet_id: int
    head: bytes
    payload: bytes

    def carrying(self, payload: bytes) -> bytes:
        """The packet with another payload."""
        flags, body = self.head[:1], self.head[1:] + payload
        return flags + _length(len(body)) + body


async def read_packet(reader: asyncio.StreamReader) -> bytes | None:
    """The next whole packet, or None where the stream ends."""
    try:
        first = await reader.readexactly(1)
        length, shift, counted = 0, 0, b""
        while shift < 28:
            counted += await reader.readexactly(1)
            length |= (counted[-1] & 0x7F) << shift
            shift += 7
            if counted[-1] < 0x80:
                break
        return first + counted + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def kind_of(packet: bytes) -> int:
    """Which kind of packet it is."""
    return packet[0] >> 4


def read_connect(packet: bytes) -> tuple[str, int]:
    """Client id and protocol level (4 for MQTT 3.1.1, 5 for MQTT 5) of a CONNECT."""
    body = _body(packet)
    at = 2 + int.from_bytes(body[:2], "big")
    level = body[at]
    at += 4  # level, flags, keepalive
    if level >= 5:
        at = _after_properties(body, at)
    size = int.from_bytes(body[at : at + 2], "big")
    return body[at + 2 : at + 2 + size].decode(errors="replace"), level


def read_publish(packet: bytes, level: int) -> Publish:
    """Take a PUBLISH apart; `level` is that of its connection."""
    body, qos = _body(packet), packet[0] >> 1 & 3
    at = 2 + int.from_bytes(body[:2], "big")
    topic, packet_id = body[2:at].decode(errors="replace"), 0
    if qos:
        packet_id = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if level >= 5:
        at = _after_properties(body, at)
    return Publish(topic, qos, packet_id, packet[:1] + body[:at], body[at:])


def acknowledgement(packet_id: int) -> bytes:
    """A broker's answer to a publish with QoS 1: it has taken it."""
    return bytes((PUBACK << 4, 2)) + packet_id.to_bytes(2, "big")


def acknowledged(packet: bytes) -> int:
    """The packet id that a PUBACK answers."""
    return int.from_bytes(_body(packet)[:2], "big")


def _body(packet: bytes) -> bytes:
    at = 1
    while packet[at] >= 0x80:
        at += 1
    return packet[at + 1 :]


def _after_properties(body: bytes, at: int) -> int:
    length, shift = 0, 0
    while True:
        byte = body[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return at + length


def _length(number: int) -> bytes:
    counted = b""
    while True:
        number, low = number >> 7, number & 0x7F
        counted += bytes((low | (0x80 if number else 0),))
        if not number:
            return counted
