"""SCPI over TCP through pyvisa-py: lines sent once, answers read as numbers or text."""

import contextlib
import math
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyvisa
from pyvisa.resources import MessageBasedResource

from instruments.addresses import Address
from instruments.errors import TransportError
from instruments.transports.blocking import ClientThread
from instruments.transports.connection import Value

_HASTE = 0.9
"""The client's own share of the time limit: it must end before its caller gives up."""


_QUEUE = 64
"""No instrument's error queue is longer; one that never empties is not waited for."""


_opening = threading.Lock()
"""Each client has a thread of its own; two that ask for the process's manager at once would make two."""


@dataclass(frozen=True)
class ScpiCommand:
    """One signal: the line that asks for it, the line that writes it, what the answer is.

    `{token}` stands for the token asked about, `{value}` for what is written, `{slot}` for the address's slot. With
    `has_verdict` the error queue is read after a write, on the same connection, and its number is kept as the signal
    `verdict`.
    """

    query: str = ""
    write: str = ""
    answer: Literal["number", "numbers", "text"] = "number"
    has_verdict: bool = False


class ScpiWire:
    """A SCPI client; all its calls run in a thread of its own.

    Args:
        address: `scpi://host:port`, with `?slot=2` for one slot of several.
        commands: The instrument's signals.
        limit: Seconds within which a request is answered.
    """

    def __init__(self, address: Address, commands: Mapping[str, ScpiCommand], limit: float) -> None:
        self._address, self._commands, self._limit = address, commands, limit
        self._slot = address.number("slot", 1)
        self._thread = ClientThread(f"scpi-{address.port}-{self._slot}")
        self._session: MessageBasedResource | None = None
        self._verdict = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a session; a lost one shows with the next request."""
        return self._session is not None

    async def open(self) -> None:
        """Connect and ask who answers."""
        await self._thread.call(self._open)

    async def close(self) -> None:
        """Disconnect, also where nobody waits for it any more: the thread may connect at this moment."""
        await self._thread.call_surely(self._close)

    async def read(self, signal: str, token: str) -> Value:
        """Send a query, read one line."""
        if signal == "verdict":
            return self._verdict
        command = self._find(signal)
        if not command.query:
            raise TransportError(f"{signal} cannot be read")
        line = command.query.format(token=token, slot=self._slot)
        return _decode(command, line, await self._thread.call(lambda: self._query(line)))

    async def write(self, signal: str, value: Value) -> None:
        """Send one line; nothing is answered, except the error queue where the signal has a verdict."""
        command = self._find(signal)
        if not command.write:
            raise TransportError(f"{signal} cannot be written")
        shown = int(value) if isinstance(value, float) and value.is_integer() else value
        line = command.write.format(value=shown, slot=self._slot)
        if not command.has_verdict:
            await self._thread.call(lambda: self._send(line))
            return
        self._verdict = await self._thread.call(lambda: self._send_and_judge(line))

    def _open(self) -> None:
        # pyvisa-py reports a refused connection only with the first request, an absent host with a bare Exception.
        socket.create_connection((self._address.host, self._address.port), self._limit * _HASTE).close()
        milliseconds = int(self._limit * _HASTE * 1000)
        try:
            name = f"TCPIP0::{self._address.host}::{self._address.port}::SOCKET"
            with _opening:
                manager = pyvisa.ResourceManager("@py")
            session = manager.open_resource(name, read_termination="\n", write_termination="\n")
            if not isinstance(session, MessageBasedResource):
                raise TransportError(f"{name} is no message-based resource")
            session.timeout = milliseconds
            self._session = session
        except pyvisa.Error as error:
            raise TransportError(f"no session: {error}") from error
        if not self._query("*IDN?"):
            raise TransportError("*IDN? is answered with an empty line")

    def _close(self) -> None:
        # The session alone: pyvisa has one manager for the whole process, and closing it cuts all other clients off.
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(pyvisa.Error, OSError):
                session.close()

    def _query(self, line: str) -> str:
        self._send(line)
        try:
            return self._connected().read().strip()
        except (pyvisa.Error, OSError, UnicodeDecodeError) as error:
            raise TransportError(f"{line} is not answered: {error}") from error

    def _send(self, line: str) -> None:
        try:
            self._connected().write(line)
        except (pyvisa.Error, OSError) as error:
            raise TransportError(f"{line} cannot be sent: {error}") from error

    def _send_and_judge(self, line: str) -> float:
        # What older lines left in the queue would be taken for the answer to this one.
        for _ in range(_QUEUE):
            if not self._error():
                break
        self._send(line)
        return self._error()

    def _error(self) -> float:
        answer = self._query("SYST:ERR?")
        return _number("SYST:ERR?", answer.partition(",")[0])

    def _connected(self) -> MessageBasedResource:
        if self._session is None:
            raise TransportError("not connected")
        return self._session

    def _find(self, signal: str) -> ScpiCommand:
        if signal not in self._commands:
            raise TransportError(f"there is no signal {signal}; known are {', '.join(sorted(self._commands))}")
        return self._commands[signal]


def _decode(command: ScpiCommand, line: str, answer: str) -> Value:
    if command.answer == "text":
        return answer
    if command.answer == "numbers":
        return tuple(_number(line, part) for part in answer.split(",")) if answer else ()
    return _number(line, answer)


def _number(line: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise TransportError(f"{line} is answered with {text[:60]!r}, which is no number") from None
    if not math.isfinite(value):
        raise TransportError(f"{line} is answered with {text}")
    return value
