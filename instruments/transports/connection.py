"""One kept connection to one instrument: writes are sent once, only reads are asked again."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

from instruments.errors import TransportError

Value = float | int | str | Sequence[float] | Sequence[int] | Sequence[str]
T = TypeVar("T")

_READS = 2
"""A read that failed is asked once more on a new connection: enough for a connection that went stale unnoticed; who
needs more patience asks again."""


class Wire(Protocol):
    """One protocol's bare client for one instrument; signals go by the names of the wire's page.

    Every method raises `TransportError` where the instrument cannot be reached or answers nonsense.
    """

    @property
    def is_open(self) -> bool:
        """False where the connection is known to be lost; True says nothing."""
        ...

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Disconnect; never raises."""
        ...

    async def read(self, signal: str, token: str) -> Value:
        """Read a signal; where it is an answer about a token, ask about `token` first, on the same connection."""
        ...

    async def write(self, signal: str, value: Value) -> None:
        """Write once: never sent again, whatever happens."""
        ...


class Connection:
    """A wire with a lock, a time limit for each request, and reconnecting.

    Args:
        wire: The protocol's client.
        name: Of the instrument with its address, for errors.
        limit: Seconds within which a request is answered.
    """

    def __init__(self, wire: Wire, name: str, limit: float) -> None:
        self._wire, self.name, self._limit = wire, name, limit
        self._lock = asyncio.Lock()
        self._is_open = self._has_ended = False

    async def connect(self) -> None:
        """Connect now, so that the next write is fast; does nothing where the connection stands.

        Raises:
            TransportError: If the instrument cannot be reached.
        """
        async with self._lock:
            await self._open()

    async def read(self, signal: str, token: str = "") -> Value:
        """Read `signal` (about `token`); asked once more on a new connection if the first one fails.

        Raises:
            TransportError: If there is no answer, or one that the protocol does not allow.
        """
        async with self._lock:
            for _ in range(_READS - 1):
                try:
                    return await self._read(signal, token)
                except TransportError:
                    await self._close()
            return await self._read(signal, token)

    async def write(self, signal: str, value: Value) -> None:
        """Write `value` to `signal`, once.

        Raises:
            TransportError: With `sent` False where nothing can have left (no connection), True where it may have.
        """
        async with self._lock:
            await self._open()
            try:
                await self._within(self._wire.write(signal, value), f"writing {signal}")
            except TransportError as error:
                await self._close()
                raise TransportError(str(error), sent=True) from error
            except asyncio.CancelledError:
                # What was half sent must not be mistaken for the answer to the next request.
                await self._close()
                raise

    async def close(self) -> None:
        """Disconnect for good. The instrument goes on with what it executes.

        Requests that wait already are answered first. Later ones fail, and nothing of them is sent: one that opened the
        connection again would leave it open, because nobody closes it a second time.
        """
        async with self._lock:
            self._has_ended = True
            await self._close()

    async def _read(self, signal: str, token: str) -> Value:
        await self._open()
        try:
            return await self._within(self._wire.read(signal, token), f"reading {signal}")
        except (TransportError, asyncio.CancelledError):
            await self._close()
            raise

    async def _open(self) -> None:
        if self._has_ended:
            raise TransportError(f"The connection to {self.name} is closed. Make a new one.")
        # What is known to be lost is opened again, so that a write on it has certainly not been sent.
        if self._is_open and not self._wire.is_open:
            await self._close()
        if not self._is_open:
            try:
                await self._within(self._wire.open(), "connecting")
            except (TransportError, asyncio.CancelledError):
                await self._wire.close()
                raise
            self._is_open = True

    async def _close(self) -> None:
        self._is_open = False
        await self._wire.close()

    async def _within(self, request: Awaitable[T], what: str) -> T:
        try:
            async with asyncio.timeout(self._limit):
                return await request
        except TimeoutError:
            raise TransportError(f"{self.name} did not answer {what} within {self._limit:g} s") from None
        except TransportError as error:
            raise TransportError(f"{self.name}, {what}: {error}") from error
        except OSError as error:
            raise TransportError(f"{self.name} cannot be reached, {what}: {error}") from error
