"""A stand-in for EPICS's caRepeater, so that a Channel Access client finds one and starts none.

A client library looks for a repeater of its machine, tries to start the program `caRepeater` where none answers, and
complains on standard error where that is not installed. Beacons (a server that came up) are passed on to every client
that has registered [Channel Access Protocol Specification, repeater operations; EPICS Base].
"""

import asyncio
import contextlib
import logging
import struct
from collections.abc import AsyncIterator
from typing import cast

_LOG = logging.getLogger(__name__)

MOST_CLIENTS = 64
"""Clients remembered; the oldest are forgotten first, because nobody says goodbye."""

_HEADER = struct.Struct(">HHHHII")
_BEACON, _CONFIRM, _REGISTER = 13, 17, 24

Place = tuple[str, int]


class Repeater(asyncio.DatagramProtocol):
    """Confirms whoever registers, and passes beacons on."""

    def __init__(self) -> None:
        self._clients: dict[Place, None] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Place) -> None:
        """Take one datagram; what is neither a registration nor a beacon is dropped."""
        command = _HEADER.unpack_from(data)[0] if len(data) >= _HEADER.size else None
        # Clients older than version 4.4 of the protocol register with nothing at all.
        if command == _REGISTER or not data:
            self._register(addr)
        elif command == _BEACON:
            self._pass_on(_with_sender(data, addr), addr)

    def _register(self, client: Place) -> None:
        self._clients.pop(client, None)
        self._clients[client] = None
        if len(self._clients) > MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]
        self._send(_HEADER.pack(_CONFIRM, 0, 0, 0, 0, _number(client)), client)

    def _pass_on(self, beacon: bytes, sender: Place) -> None:
        for client in tuple(self._clients):
            if client != sender:
                self._send(beacon, client)

    def _send(self, data: bytes, client: Place) -> None:
        if self._transport is not None:
            self._transport.sendto(data, client)


def _with_sender(beacon: bytes, sender: Place) -> bytes:
    """The beacon with its server's address, which a server that listens on all interfaces leaves out."""
    fields = _HEADER.unpack_from(beacon)
    return beacon if fields[5] else _HEADER.pack(*fields[:5], _number(sender)) + beacon[_HEADER.size :]


def _number(place: Place) -> int:
    """An IPv4 address as a number; 0 for any other."""
    parts = place[0].split(".")
    return int.from_bytes(bytes(int(part) for part in parts)) if len(parts) == 4 else 0


@contextlib.asynccontextmanager
async def repeating(port: int) -> AsyncIterator[None]:
    """Stand in for a repeater at a UDP port of this machine while inside.

    Where somebody holds the port already nothing is done: a client takes that for a repeater, too.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(Repeater, local_addr=("0.0.0.0", port))
    except OSError as error:
        _LOG.warning("No stand-in for a Channel Access repeater at UDP port %d: %s.", port, error)
        yield
        return
    try:
        yield
    finally:
        transport.close()
        await asyncio.sleep(0)  # the socket is closed in the loop's next turn
