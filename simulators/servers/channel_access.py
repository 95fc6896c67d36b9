"""EPICS Channel Access: the second line's dispenser as process variables."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import cast
from urllib.parse import urlsplit

from caproto import CaprotoValueError, ChannelChar, ChannelDouble, ChannelInteger  # type: ignore[import-untyped]
from caproto.asyncio.server import Context  # type: ignore[import-untyped]

from simulators.errors import SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Order
from simulators.servers.ports import check_free, free_port
from simulators.world_state import TokenState

_log = logging.getLogger(__name__)

PROGRAM_LENGTH, TOKEN_LENGTH, ANSWER_LENGTH = 256, 32, 128
_WORDS = {"new_vial": {"token", "epoch", "command"}, "dose": {"token", "epoch", "command", "channel", "volume"}}


class ChannelAccessServer:
    """The server of one dispenser, on a port of its own."""

    def __init__(self, floor: Floor, instrument: str, address: str) -> None:
        self._floor, self._instrument = floor, instrument
        self._firmware = floor.instruments[instrument]
        self._prefix = urlsplit(address).path.lstrip("/")
        self._asked = ""
        self._context: _Loopback | None = None
        self._server: asyncio.Task[None] | None = None
        self._refreshes: set[asyncio.Task[None]] = set()
        limits = self._firmware.limits["volume"]
        self._program = _Text(self._start, PROGRAM_LENGTH)
        self._ask = _Text(self._answer_to, TOKEN_LENGTH)
        self._halt = _Integer(self._stop)
        self._low = _Number(lambda value: self._limit("lower", value), limits.lower)
        self._high = _Number(lambda value: self._limit("upper", value), limits.upper)
        self._status, self._error = ChannelInteger(value=0), ChannelInteger(value=0)
        self._last = ChannelChar(value="0" * 16, max_length=TOKEN_LENGTH)
        self._answer = ChannelChar(value="", max_length=ANSWER_LENGTH)

    async def start(self, port: int) -> int:
        """Listen on `port` of loopback for searches and clients, 0 for any."""
        port = port or free_port(datagrams=True)
        check_free(port)
        variables = {
            "PROGRAM": self._program,
            "STATUS": self._status,
            "ERROR": self._error,
            "LAST_TOKEN": self._last,
            "HALT": self._halt,
            "ASK": self._ask,
            "ANSWER": self._answer,
            "LOW": self._low,
            "HIGH": self._high,
        }
        context = self._context = _Loopback({self._prefix + name: var for name, var in variables.items()}, port)
        listening = asyncio.Event()

        async def say_listening(library: object) -> None:
            listening.set()

        self._server = asyncio.get_running_loop().create_task(context.run(startup_hook=say_listening))
        started = asyncio.get_running_loop().create_task(listening.wait())
        await asyncio.wait({self._server, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._server.done():
            self._server.result()
        self._floor.listen(self._changed)
        return port

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._context is not None:
            self._context.hang_up()
        for task in (*self._refreshes, *([self._server] if self._server else [])):
            task.cancel()
        await asyncio.gather(*self._refreshes, *([self._server] if self._server else []), return_exceptions=True)

    async def _start(self, text: str) -> None:
        order = parse_program(text)
        number = await self._change(self._floor.start(self._instrument, order))
        await self._error.write(int(number))
        await self._last.write(order.token)
        await self._refresh()

    async def _stop(self, value: float) -> None:
        if value == 1:
            await self._change(self._floor.halt(self._instrument))
            await self._refresh()

    async def _limit(self, end: str, value: float) -> None:
        if not math.isfinite(value):
            raise CaprotoValueError(f"{value} is no limit")
        await self._change(self._floor.set_limit(self._instrument, "volume", end, value))

    async def _answer_to(self, text: str) -> None:
        self._asked = _token(text)
        await self._refresh()

    async def _change(self, change: Awaitable[int | None]) -> int:
        try:
            return await change or 0
        except (OSError, SimulatorError) as error:
            _log.exception("%s could not execute a write", self._instrument)
            raise CaprotoValueError(f"{self._instrument} could not execute it: {error}") from error

    def _changed(self) -> None:
        refresh = asyncio.get_running_loop().create_task(self._refresh())
        self._refreshes.add(refresh)
        refresh.add_done_callback(self._refreshes.discard)

    async def _refresh(self) -> None:
        await self._status.write(int(self._firmware.running is not None))
        if self._asked:
            await self._answer.write(self._answer_text())

    def _answer_text(self) -> str:
        program = self._firmware.ask(self._asked)
        state = program.state if program else TokenState.NEVER_SEEN
        details = program.details if program and state is TokenState.DONE else {}
        delivered, deviation = details.get("reported", 0.0), details.get("deviation", 0.0)
        return f"token={self._asked} state={int(state)} delivered={delivered:.9g} deviation={deviation:.9g}"


def parse_program(text: str) -> Order:
    """The order that a program's words mean.

    Raises:
        CaprotoValueError: If they mean none; the client's put fails with it.
    """
    try:
        words = dict(word.split("=", 1) for word in text.split(" "))
        command = words["command"]
        if set(words) != _WORDS[command]:
            raise CaprotoValueError(f"{command} takes the words {sorted(_WORDS[command])}, not {sorted(words)}")
        token, epoch = _token(words["token"]), int(words["epoch"])
        if command == "new_vial":
            return Order(token, epoch, command)
        return Order(token, epoch, command, {"channel": int(words["channel"]), "volume": float(words["volume"])})
    except (KeyError, ValueError) as error:
        raise CaprotoValueError(f"{text[:80]!r} is no program: {error}") from error


def _token(text: str) -> str:
    if len(text) != 16 or int(text, 16) < 0:
        raise CaprotoValueError(f"{text[:32]!r} is no token of 16 hexadecimal digits")
    return text.lower()


class _Loopback(Context):  # type: ignore[misc]
    """A server that listens on 127.0.0.1 alone and sends no beacons: caproto's default broadcasts them."""

    def __init__(self, variables: dict[str, object], port: int) -> None:
        super().__init__(variables, interfaces=["127.0.0.1"])
        self.ca_server_port = port

    def hang_up(self) -> None:
        """Stop listening and close every circuit; caproto's own end leaves both to the garbage collector."""
        loop = asyncio.get_running_loop()
        for listening in self.tcp_sockets.values():
            loop.remove_reader(listening)
        for circuit in tuple(self.circuits):
            circuit.client.close()

    async def broadcast_beacon_loop(self) -> None:
        """Stay silent."""
        await asyncio.Event().wait()


class _Text(ChannelChar):  # type: ignore[misc]
    """A writable text; each write is answered after `deed`."""

    def __init__(self, deed: Callable[[str], Awaitable[None]], length: int) -> None:
        super().__init__(value="", max_length=length)
        self._deed = deed

    async def verify_value(self, data: object) -> object:
        """Do what is written."""
        await self._deed(_decode(data))
        return data


class _Integer(ChannelInteger):  # type: ignore[misc]
    def __init__(self, deed: Callable[[float], Awaitable[None]]) -> None:
        super().__init__(value=0)
        self._deed = deed

    async def verify_value(self, data: object) -> object:
        """Do what is written."""
        await self._deed(_scalar(data))
        return data


class _Number(ChannelDouble):  # type: ignore[misc]
    def __init__(self, deed: Callable[[float], Awaitable[None]], value: float) -> None:
        super().__init__(value=value)
        self._deed = deed

    async def verify_value(self, data: object) -> object:
        """Do what is written."""
        await self._deed(_scalar(data))
        return data


def _decode(data: object) -> str:
    raw = data.encode("latin-1", "replace") if isinstance(data, str) else bytes(cast(Iterable[int], data))
    return raw.split(b"\0", 1)[0].decode("latin-1")


def _scalar(data: object) -> float:
    return float(cast(float, next(iter(data)) if isinstance(data, Iterable) else data))
