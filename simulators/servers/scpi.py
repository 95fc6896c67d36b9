"""SCPI over TCP: the light-soak tester's lines."""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from simulators.errors import ErrorNumber, SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Order
from simulators.instruments.tester import TAU, SoakTester, Trace
from simulators.world_state import Program, TokenState

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


class ScpiServer:
    """The server of one tester."""

    def __init__(self, floor: Floor, instrument: str) -> None:
        self._floor, self._instrument = floor, instrument
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on `port` of loopback, 0 for any."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections.add(task)
        try:
            await _Connection(self._floor, self._instrument).talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            _log.debug("%s: a client hung up", self._instrument)
        finally:
            self._connections.discard(task)
            writer.close()


class _Connection:
    """One client, with its own queue of errors."""

    def __init__(self, floor: Floor, instrument: str) -> None:
        self._floor, self._instrument = floor, instrument
        self._firmware = floor.instruments[instrument]
        self._tester = cast(SoakTester, self._firmware.model)
        self._errors: deque[int] = deque(maxlen=16)
        self._commands: tuple[tuple[re.Pattern[str], Callable[..., Awaitable[str | None]]], ...] = tuple(
            (re.compile(pattern, re.IGNORECASE), command)
            for pattern, command in (
                (r"\*IDN\?", self._identify),
                (rf"SOAK:START {_TOKEN},(\d+),{_NUMBER}", self._start),
                (rf"SOAK:STATE\? {_TOKEN}", self._state),
                (rf"TRACE:TIME\? {_TOKEN}", self._times),
                (rf"TRACE:DATA\? {_TOKEN}", self._transmission),
                (r"CAL:SCALE\?", self._scale),
                (r"CAL:TAU\?", self._tau),
                (r"LAMP\?", self._status),
                (r"LAMP ([01])", self._lamp),
                (r"STAT\?", self._status),
                (r"SYST:ERR\?", self._error),
            )
        )
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
                    _log.exception("%s could not execute a line", self._instrument)
                    self._errors.append(-310)
                    return None
        known = any(re.fullmatch(header, line.split(" ")[0], re.IGNORECASE) for header in self._headers)
        self._errors.append(-102 if known else -113)
        return None

    async def _identify(self) -> str:
        return "Lab Agents,LST-1,0,1"

    async def _start(self, token: str, epoch: str, seconds: str) -> None:
        order = Order(token.lower(), int(epoch), "soak", {"exposure": float(seconds)})
        number = await self._floor.start(self._instrument, order)
        if number is not ErrorNumber.NONE:
            self._errors.append(int(number))

    async def _state(self, token: str) -> str:
        program = self._firmware.ask(token.lower())
        return str(int(program.state if program else TokenState.NEVER_SEEN))

    async def _times(self, token: str) -> str:
        trace = self._trace(token)
        return ",".join(f"{t:.3f}" for t in trace.times) if trace else ""

    async def _transmission(self, token: str) -> str:
        trace = self._trace(token)
        return ",".join(f"{t:.7f}" for t in trace.transmission) if trace else ""

    async def _scale(self) -> str:
        offset, span = self._tester.scale
        return f"{offset:.9g},{span:.9g}"

    async def _tau(self) -> str:
        return f"{TAU:.9g}"

    async def _status(self) -> str:
        return str(int(self._firmware.running is not None))

    async def _lamp(self, value: str) -> None:
        if value == "0":
            await self._floor.halt(self._instrument)
        elif self._firmware.running is None:
            self._errors.append(-221)

    async def _error(self) -> str:
        number = self._errors.popleft() if self._errors else 0
        return f'{number},"{TEXTS[number]}"'

    def _trace(self, token: str) -> Trace | None:
        """The record of a soak that is done; made again from its ledger details, so it survives power cuts."""
        program = self._firmware.ask(token.lower())
        if program is None or program.state is not TokenState.DONE:
            return None
        return self._tester.trace(*_soak(program), token.lower())


def _soak(program: Program) -> tuple[float, str, float]:
    details = program.details
    return cast(float, details["value"]), cast(str, details["film"]), cast(float, details["exposure"])
