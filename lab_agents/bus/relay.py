"""A relay between real processes and a real broker that does to their messages what bad networks do, from a seed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from lab_agents.bus.faulty import Draw, Faults, draws, garbled
from lab_agents.bus.packets import (
    CONNECT,
    PUBACK,
    PUBLISH,
    Publish,
    acknowledged,
    acknowledgement,
    kind_of,
    read_connect,
    read_packet,
    read_publish,
)
from lab_agents.listening import end_listening

LONGEST = 1.0
"""Wall seconds that a delayed message waits at most: half of what a publisher waits for its answer, so that a delay is
not a loss."""

NONE = Faults()


@dataclass
class _Line:
    """One client's connection: whose it is, the two writers, packet ids whose answers are to be lost."""

    name: str
    level: int
    to_client: asyncio.StreamWriter
    to_broker: asyncio.StreamWriter
    muted: set[int] = field(default_factory=set)


class Relay:
    """Listens where clients connect, and passes everything on to the broker, except for what is done to publishes.

    Every draw is keyed (seed, way, client, topic, how many messages of the topic went this way before). What is lost
    on its way up with QoS 1 is acknowledged all the same: the sender believes in a delivery that never was, which
    nothing of the protocol may rest on. A client that is cut off is one on a machine whose network is down: its bytes
    wait, and arrive late, where the connection outlives the cut.

    Args:
        broker: Tells the broker's address (`mqtt://host:port`) at the moment; it may move, and be down.
        seed: Of the draws.
        faults: How often what goes wrong; `most_turns` has no meaning here.

    Attributes:
        given: How often each fault was given.
    """

    def __init__(self, broker: Callable[[], str], seed: int, faults: Faults = NONE) -> None:
        self._broker, self._seed, self._faults = broker, seed, faults
        self._counts: Counter[tuple[str, str]] = Counter()
        self._ways: dict[str, asyncio.Event] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.given: Counter[str] = Counter()

    async def start(self, port: int = 0) -> str:
        """Listen on loopback; returns the address for clients."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return f"mqtt://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            await end_listening(self._server)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, name: str) -> None:
        """Let nothing of the process `name` through, either way."""
        self._way(name).clear()

    def mend(self, name: str) -> None:
        """Let everything through again, what has waited first."""
        self._way(name).set()

    def _way(self, name: str) -> asyncio.Event:
        if name not in self._ways:
            self._ways[name] = asyncio.Event()
            self._ways[name].set()
        return self._ways[name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._tasks.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            # The broker is down, or one end hung up: the client tries again.
            return
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await read_packet(reader)
        if first is None or kind_of(first) != CONNECT:
            return
        client, level = read_connect(first)
        name = client.rpartition("-")[0] or client
        await self._way(name).wait()
        if reader.at_eof():
            return
        place = urlsplit(self._broker())
        from_broker, to_broker = await asyncio.open_connection(place.hostname, place.port)
        line = _Line(name, level, writer, to_broker)
        to_broker.write(first)
        pumps = [
            asyncio.create_task(self._pump(reader, line, "up")),
            asyncio.create_task(self._pump(from_broker, line, "down")),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            to_broker.close()

    async def _pump(self, reader: asyncio.StreamReader, line: _Line, way: str) -> None:
        writer = line.to_broker if way == "up" else line.to_client
        while (packet := await read_packet(reader)) is not None:
            await self._way(line.name).wait()
            if kind_of(packet) == PUBLISH:
                await self._pass_on(read_publish(packet, line.level), packet, line, way)
            elif kind_of(packet) == PUBACK and way == "down" and acknowledged(packet) in line.muted:
                line.muted.discard(acknowledged(packet))
            else:
                _write(writer, packet)
            with suppress(ConnectionError):
                await writer.drain()

    async def _pass_on(self, message: Publish, packet: bytes, line: _Line, way: str) -> None:
        """One message, with what a network does to it."""
        draw, faults = self._draws(line, way, message.topic), self._faults
        writer = line.to_broker if way == "up" else line.to_client
        if self._strikes(draw, "loss", faults.loss):
            if message.qos and way == "up":
                _write(line.to_client, acknowledgement(message.packet_id))
            return
        if message.qos and way == "up" and self._strikes(draw, "silence", faults.silence):
            line.muted.add(message.packet_id)
        if self._strikes(draw, "garbling", faults.garbling):
            packet = message.carrying(garbled(message.payload, draw("how")))
        if self._strikes(draw, "delay", faults.delay):
            await asyncio.sleep(draw("how long") * LONGEST)
        if self._strikes(draw, "reordering", faults.reordering):
            # What comes behind it overtakes it.
            asyncio.get_running_loop().call_later(draw("how late") * LONGEST, _write, writer, packet)
        else:
            _write(writer, packet)
        if self._strikes(draw, "doubling", faults.doubling):
            _write(writer, packet)

    def _strikes(self, draw: Draw, fault: str, rate: float) -> bool:
        is_struck = rate > 0 and draw(fault) < rate
        self.given[fault] += is_struck
        return is_struck

    def _draws(self, line: _Line, way: str, topic: str) -> Draw:
        self._counts[f"{way} {line.name}", topic] += 1
        return draws(self._seed, f"{way} {line.name}", topic, self._counts[f"{way} {line.name}", topic])


def _write(writer: asyncio.StreamWriter, packet: bytes) -> None:
    """What is under way to somebody who has hung up is lost."""
    if not writer.is_closing():
        writer.write(packet)
