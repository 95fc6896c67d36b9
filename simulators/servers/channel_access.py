"""EPICS Channel Access: a dispenser and a diffractometer as process variables."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from caproto import CaprotoValueError, ChannelChar, ChannelDouble, ChannelInteger  # type: ignore[import-untyped]
from caproto.asyncio.server import Context  # type: ignore[import-untyped]

from lab_agents.listening import stop_accepting
from simulators.errors import SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Calibrated, Order
from simulators.servers.ports import check_free, free_port
from simulators.world_state import TokenState

_log = logging.getLogger(__name__)

PROGRAM_LENGTH, TOKEN_LENGTH, ANSWER_LENGTH = 256, 32, 128
NOBODY = "0" * 16
"""What `LAST_TOKEN` shows before the first start, and while `ERROR` changes."""
_ALWAYS = ("token", "epoch", "command")


@dataclass(frozen=True)
class Dialect:
    """The words of one kind of instrument.

    Attributes:
        commands: Command → its own words in `PROGRAM`, and what each is.
        told: Words of `ANSWER` about a program that is done → the details behind them.
        limited: The set-point behind `LOW` and `HIGH`; None for an instrument that holds no limits.
        lists: Variable → list of the record of the token last asked, and its greatest length.
        constants: Variable → the instrument's constant behind it.
    """

    commands: Mapping[str, Mapping[str, type[int] | type[float]]]
    told: Mapping[str, str] = field(default_factory=dict)
    limited: str | None = None
    lists: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


DIALECTS: Mapping[str, Dialect] = {
    "epics_dispenser": Dialect(
        commands={"new_vial": {}, "dose": {"channel": int, "volume": float}},
        told={"delivered": "reported", "deviation": "deviation"},
        limited="volume",
    ),
    "epics_diffractometer": Dialect(
        commands={"scan": {"start": float, "stop": float, "step": float, "time_per_step": float}},
        lists={"COUNTS": ("counts", 8000)},
        constants={"WAVELENGTHS": "wavelengths", "RATIO": "ratio", "RADIUS": "radius"},
    ),
}
"""Driver name → the words of its instruments."""


class ChannelAccessServer:
    """The server of one instrument, on a port of its own."""

    def __init__(self, floor: Floor, instrument: str, address: str, dialect: Dialect) -> None:
        self._floor, self._instrument, self._dialect = floor, instrument, dialect
        self._firmware = floor.instruments[instrument]
        self._prefix = urlsplit(address).path.lstrip("/")
        self._asked = ""
        self._context: _Loopback | None = None
        self._server: asyncio.Task[None] | None = None
        self._refreshes: set[asyncio.Task[None]] = set()
        self._one_refresh, self._one_verdict = asyncio.Lock(), asyncio.Lock()
        self._shown = ""
        self._written: dict[str, int | str] = {}
        self._program = _Text(self._start, PROGRAM_LENGTH)
        self._ask = _Text(self._answer_to, TOKEN_LENGTH)
        self._halt = _Integer(self._stop)
        self._status, self._error = ChannelInteger(value=0), ChannelInteger(value=0)
        self._last = ChannelChar(value=NOBODY, max_length=TOKEN_LENGTH)
        self._answer = ChannelChar(value="", max_length=ANSWER_LENGTH)
        self._lists = {
            name: (ChannelInteger(value=[0], max_length=most), of) for name, (of, most) in dialect.lists.items()
        }

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
            **{name: variable for name, (variable, _) in self._lists.items()},
            **self._constants(),
            **self._limits(),
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
            await self._context.hang_up()
        for task in (*self._refreshes, *([self._server] if self._server else [])):
            task.cancel()
        await asyncio.gather(*self._refreshes, *([self._server] if self._server else []), return_exceptions=True)

    async def _start(self, text: str) -> None:
        order = parse_program(text, self._dialect)
        number = await self._change(self._floor.start(self._instrument, order))
        async with self._one_verdict:
            # Whoever reads its own token before and after the error has then read its own error.
            await self._last.write(NOBODY)
            await self._error.write(int(number))
            await self._last.write(order.token)
        await self._refresh()

    async def _stop(self, value: float) -> None:
        if value == 1:
            await self._change(self._floor.halt(self._instrument))
            await self._refresh()

    def _constants(self) -> dict[str, object]:
        model, names = self._firmware.model, self._dialect.constants
        known = model.constants if isinstance(model, Calibrated) else {}
        return {variable: ChannelDouble(value=list(known[name])) for variable, name in names.items()}

    def _limits(self) -> dict[str, object]:
        quantity = self._dialect.limited
        if quantity is None:
            return {}

        async def limit(end: str, value: float) -> None:
            if not math.isfinite(value):
                raise CaprotoValueError(f"{value} is no limit")
            await self._change(self._floor.set_limit(self._instrument, quantity, end, value))

        limits = self._firmware.limits[quantity]
        return {
            "LOW": _Number(lambda value: limit("lower", value), limits.lower),
            "HIGH": _Number(lambda value: limit("upper", value), limits.upper),
        }

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
        async with self._one_refresh:
            await self._show("STATUS", self._status, int(self._firmware.running is not None))
            if self._asked:
                asked = self._asked
                await self._show_lists(asked)
                # After the lists: who sees its token here as done may read them.
                await self._show("ANSWER", self._answer, self._answer_text(asked))

    async def _show(self, name: str, variable: ChannelInteger | ChannelChar, value: int | str) -> None:
        # Every change of the world is a reason to look, and few of them are this instrument's.
        if self._written.get(name) != value:
            self._written[name] = value
            await variable.write(value)

    async def _show_lists(self, token: str) -> None:
        program = self._firmware.ask(token)
        shown = token if program is not None and program.state is TokenState.DONE else ""
        if not self._lists or shown == self._shown:
            return
        record = await asyncio.to_thread(self._firmware.record, shown) if shown else {}
        for variable, name in self._lists.values():
            await variable.write(list(cast(Sequence[float], record.get(name, ()))) or [0])
        self._shown = shown

    def _answer_text(self, token: str) -> str:
        program = self._firmware.ask(token)
        state = program.state if program else TokenState.NEVER_SEEN
        details = program.details if program and state is TokenState.DONE else {}
        told = [f"{word}={details.get(name, 0.0):.9g}" for word, name in self._dialect.told.items()]
        return " ".join((f"token={token}", f"state={int(state)}", *told))


def parse_program(text: str, dialect: Dialect) -> Order:
    """The order that a program's words mean.

    Raises:
        CaprotoValueError: If they mean none; the client's put fails with it.
    """
    try:
        words = dict(word.split("=", 1) for word in text.split(" "))
        command = words["command"]
        takes = dialect.commands[command]
        if set(words) != {*_ALWAYS, *takes}:
            raise CaprotoValueError(f"{command} takes the words {sorted((*_ALWAYS, *takes))}, not {sorted(words)}")
        arguments = {name: kind(words[name]) for name, kind in takes.items()}
        return Order(_token(words["token"]), int(words["epoch"]), command, arguments)
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

    async def hang_up(self) -> None:
        """Stop listening and close every circuit; caproto's own end leaves both to the garbage collector."""
        await stop_accepting(*self.tcp_sockets.values())
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
