"""Modbus TCP: holding registers by name, each request sent once."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from instruments.addresses import Address
from instruments.errors import TransportError
from instruments.transports.connection import Value

Kind = Literal["word", "long", "token", "float", "block"]
_FORMATS: Mapping[Kind, str] = {"word": ">H", "long": ">I", "float": ">f"}


@dataclass(frozen=True)
class Register:
    """One named signal: its first holding register, how many there are, and how they are read.

    Numbers are big-endian, high word first. A `token` is 64 bits as 16 hexadecimal digits, a `block` raw words.
    With `about`, a token is written to that register before this one is read.
    """

    first: int
    kind: Kind = "word"
    words: int = 1
    about: int | None = None


def register(first: int, kind: Kind = "word", *, words: int | None = None, about: int | None = None) -> Register:
    """A register whose length follows from its kind."""
    lengths: Mapping[Kind, int] = {"word": 1, "long": 2, "float": 2, "token": 4, "block": 1}
    return Register(first, kind, words or lengths[kind], about)


def token_words(token: str) -> tuple[int, ...]:
    """A token as four words."""
    return struct.unpack(">4H", bytes.fromhex(token))


def float_words(value: float) -> tuple[int, ...]:
    """A number as two words (32-bit float)."""
    return struct.unpack(">2H", struct.pack(">f", value))


def long_words(value: int) -> tuple[int, ...]:
    """A whole number below 2³² as two words."""
    return struct.unpack(">2H", struct.pack(">I", value))


def words_float(words: Sequence[int]) -> float:
    """Two words as a number."""
    return float(struct.unpack(">f", struct.pack(">2H", *words))[0])


def words_token(words: Sequence[int]) -> str:
    """Four words as a token."""
    return struct.pack(">4H", *words).hex()


class ModbusWire:
    """A Modbus TCP client for one unit.

    Args:
        address: `modbus://host:port?unit=1`.
        registers: The unit's signals.
        limit: Seconds within which a request is answered.
    """

    def __init__(self, address: Address, registers: Mapping[str, Register], limit: float) -> None:
        self._address, self._registers, self._limit = address, registers, limit
        self._unit = address.number("unit", 1)
        self._client: AsyncModbusTcpClient | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket stands."""
        return self._client is not None and self._client.connected

    async def open(self) -> None:
        """Connect."""
        # No repeats by itself: pymodbus's default puts one unanswered write on the wire four times.
        self._client = AsyncModbusTcpClient(
            self._address.host, port=self._address.port, timeout=self._limit, retries=0, reconnect_delay=0
        )
        if not await self._client.connect():
            raise TransportError("nothing listens there")

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def read(self, signal: str, token: str) -> Value:
        """Read a register; one that is about a token gets the token first."""
        which = self._find(signal)
        if which.about is not None:
            await self._put(which.about, token_words(token))
        try:
            answer = await self._connected().read_holding_registers(
                which.first, count=which.words, device_id=self._unit
            )
        except ModbusException as error:
            raise TransportError(str(error)) from error
        if answer.isError() or len(answer.registers) != which.words:
            raise TransportError(f"register {which.first} is not answered: {answer}")
        return _decode(which, answer.registers)

    async def write(self, signal: str, value: Value) -> None:
        """Write a register in one request."""
        which = self._find(signal)
        await self._put(which.first, _encode(which, value))

    async def _put(self, first: int, words: Sequence[int]) -> None:
        try:
            answer = await self._connected().write_registers(first, list(words), device_id=self._unit)
        except ModbusException as error:
            raise TransportError(str(error)) from error
        if answer.isError():
            raise TransportError(f"register {first} is not accepted: {answer}")

    def _connected(self) -> AsyncModbusTcpClient:
        if self._client is None:
            raise TransportError("not connected")
        return self._client

    def _find(self, signal: str) -> Register:
        if signal not in self._registers:
            raise TransportError(f"there is no register {signal}; known are {', '.join(sorted(self._registers))}")
        return self._registers[signal]


def _decode(which: Register, words: Sequence[int]) -> Value:
    if which.kind == "block":
        return tuple(words)
    if which.kind == "token":
        return words_token(words)
    packed = struct.pack(f">{which.words}H", *words)
    number: float | int = struct.unpack(_FORMATS[which.kind], packed)[0]
    return number


def _encode(which: Register, value: Value) -> tuple[int, ...]:
    if which.kind == "block":
        if isinstance(value, str | float | int) or len(value) != which.words:
            raise TransportError(f"register {which.first} takes {which.words} words, not {value!r}")
        return tuple(int(word) for word in value)
    if which.kind == "token":
        return token_words(str(value))
    if not isinstance(value, int | float):
        raise TransportError(f"register {which.first} takes a number, not {value!r}")
    number = value if which.kind == "float" else int(value)
    return struct.unpack(f">{which.words}H", struct.pack(_FORMATS[which.kind], number))
