"""SCPI over TCP: the lines of instruments that measure."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from lab_agents.listening import end_listening
from simulators.errors import ErrorNumber, SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Calibrated, Order
from simulators.servers.scpi_dialects import Dialect
from simulators.world_state import TokenState

_log = logging.getLogger(__name__)

LONGEST_LINE = 4096
TEXTS: Mapping[int, str] = {
    0: "No error",
    ErrorNumber.BUSY: "Busy",
    ErrorNumber.LIMIT: "Outside the hardware's limits",
    ErrorNumber.BLOCKED: "Blocked",
    ErrorNumber.FENCED: "Fenced: a newer epoch was seen",
    -102: "Syntax error",
    -113: "Undefined header",
    -221: "Settings conflict",
    -310: "System error",
    -363: "Input buffer overrun",
}
"""Negative numbers are those of the SCPI standard (SCPI-99, volume 2, chapter 21)."""

_TOKEN = r'"([0-9a-f]{16})"'
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_Command = Callable[..., Awaitable[str | None]]


class ScpiServer:
    """The server of one instrument, or of the slots of one."""

    def __init__(self, floor: Floor, instruments: Mapping[int, str], dialect: Dialect) -> None:
        """`instruments` are by slot; one without slots has number 1."""
        self._floor, self._instruments, self._dialect = floor, dict(instruments), dialect
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on `port` of loopback, 0 for any."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            await end_listening(self._server)
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections.add(task)
        try:
            await _Connection(self._floor, self._instruments, self._dialect).talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            _log.debug("%s: a client hung up", self._dialect.identity)
        finally:
            self._connections.discard(task)
            writer.close()


class _Connection:
    """One client, with its own queue of errors."""

    def __init__(self, floor: Floor, instruments: Mapping[int, str], dialect: Dialect) -> None:
        self._floor, self._identity = floor, dialect.identity
        self._errors: deque[int] = deque(maxlen=16)
        commands: list[tuple[str, _Command]] = [(r"\*IDN\?", self._identify), (r"SYST:ERR\?", self._error)]
        for number, instrument in instruments.items():
            prefix = f"SLOT{number}:" if dialect.has_slots else ""
            slot = _Slot(floor, instrument, dialect, self._errors)
            commands += [(prefix + pattern, command) for pattern, command in slot.commands()]
        self._commands = tuple((re.compile(pattern, re.IGNORECASE), command) for pattern, command in commands)
        self._headers = frozenset(pattern.pattern.split(" ")[0] for pattern, _ in self._commands)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line until the client hangs up."""
        while True:
            try:
                raw = await reader.readline()
            except ValueError:
                self._errors.append(-363)
                continue
            if not raw.endswith(b"\n"):
                return
            line = raw.decode("ascii", "replace").strip()
            answer = await self._execute(line) if line else None
            if answer is not None:
                writer.write(answer.encode() + b"\n")
                await writer.drain()

    async def _execute(self, line: str) -> str | None:
        for pattern, command in self._commands:
            if match := pattern.fullmatch(line):
                try:
                    return await command(*match.groups())
                except (OSError, SimulatorError):
                    _log.exception("%s could not execute a line", self._identity)
                    self._errors.append(-310)
                    return None
        known = any(re.fullmatch(header, line.split(" ")[0], re.IGNORECASE) for header in self._headers)
        self._errors.append(-102 if known else -113)
        return None

    async def _identify(self) -> str:
        return self._identity

    async def _error(self) -> str:
        number = self._errors.popleft() if self._errors else 0
        return f'{number},"{TEXTS[number]}"'


class _Slot:
    """The lines of one instrument; what goes wrong is put into the connection's queue."""

    def __init__(self, floor: Floor, instrument: str, dialect: Dialect, errors: deque[int]) -> None:
        self._floor, self._instrument, self._dialect, self._errors = floor, instrument, dialect, errors
        self._firmware = floor.instruments[instrument]

    def commands(self) -> list[tuple[str, _Command]]:
        """Each line as a pattern, and what answers it."""
        words = self._dialect
        numbers = ",".join(_NUMBER for _ in words.asks)
        return [
            (rf"{words.program}:START {_TOKEN},(\d+),{numbers}", self._start),
            (rf"{words.program}:STATE\? {_TOKEN}", self._state),
            *((rf"{header}\? {_TOKEN}", self._telling(name)) for header, name in words.told.items()),
            *((rf"{header}\?", self._constant(name)) for header, name in words.constants.items()),
            (rf"{words.switch}\?", self._status),
            (rf"{words.switch} ([01])", self._switch),
            (r"STAT\?", self._status),
        ]

    async def _start(self, token: str, epoch: str, *numbers: str) -> None:
        asked = dict(zip(self._dialect.asks, map(float, numbers), strict=True))
        order = Order(token.lower(), int(epoch), self._dialect.command, asked)
        number = await self._floor.start(self._instrument, order)
        if number is not ErrorNumber.NONE:
            self._errors.append(int(number))

    async def _state(self, token: str) -> str:
        program = self._firmware.ask(token.lower())
        return str(int(program.state if program else TokenState.NEVER_SEEN))

    def _telling(self, name: str) -> _Command:
        async def tell(token: str) -> str:
            # A model may compute for a while; other instruments are answered meanwhile.
            record = await asyncio.to_thread(self._firmware.record, token.lower())
            return _line(record.get(name, ()))

        return tell

    def _constant(self, name: str) -> _Command:
        async def tell() -> str:
            model = self._firmware.model
            return _line(model.constants[name] if isinstance(model, Calibrated) else ())

        return tell

    async def _status(self) -> str:
        return str(int(self._firmware.running is not None))

    async def _switch(self, value: str) -> None:
        if value == "0":
            await self._floor.halt(self._instrument)
        elif self._firmware.running is None:
            self._errors.append(-221)


def _line(numbers: float | Sequence[float]) -> str:
    listed = [numbers] if isinstance(numbers, int | float) else numbers
    return ",".join(f"{number:.9g}" for number in listed)
