"""A signal of an ophyd-async device that lives on a kept connection, whatever protocol the connection speaks."""

import time
from typing import TypeVar

from bluesky.protocols import Reading
from event_model import DataKey
from ophyd_async.core import (
    Callback,
    SignalBackend,
    SignalDatatypeT,
    SignalR,
    SignalRW,
    SignalW,
    make_datakey,
)

from instruments.transports.connection import Connection

N = TypeVar("N", int, float, str)


class ConnectionBackend(SignalBackend[SignalDatatypeT]):
    """Reads and writes one named signal through a `Connection`: a write is sent once.

    Args:
        datatype: Python type of the value.
        connection: To the instrument.
        signal: Its name on the wire's page.
        unit: Of the value.
    """

    def __init__(self, datatype: type[SignalDatatypeT], connection: Connection, signal: str, unit: str = "") -> None:
        super().__init__(datatype)
        self._type, self._connection, self._signal, self._unit = datatype, connection, signal, unit
        self._asked: SignalDatatypeT | None = None

    def source(self, name: str, read: bool) -> str:
        """Instrument, address and signal."""
        return f"{self._connection.name}/{self._signal}"

    async def connect(self, timeout: float) -> None:  # noqa: ASYNC109 - ophyd-async calls it so
        """Connect the instrument's one connection."""
        await self._connection.connect()

    async def put(self, value: SignalDatatypeT | None) -> None:
        """Write once."""
        self._asked = value
        await self._connection.write(self._signal, value)  # type: ignore[arg-type]

    async def get_datakey(self, source: str) -> DataKey:
        """Type, shape and unit."""
        metadata = {"units": self._unit} if self._unit else {}
        return make_datakey(self._type, await self.get_value(), source, metadata)  # type: ignore[arg-type]

    async def get_reading(self) -> Reading[SignalDatatypeT]:
        """Read with the present wall time."""
        return {"value": await self.get_value(), "timestamp": time.time(), "alarm_severity": 0}

    async def get_value(self) -> SignalDatatypeT:
        """Read."""
        return self._type(await self._connection.read(self._signal))  # type: ignore[arg-type,call-arg]

    async def get_setpoint(self) -> SignalDatatypeT:
        """What was last written, or what the instrument says where nothing was."""
        return self._asked if self._asked is not None else await self.get_value()

    def set_callback(self, callback: Callback[Reading[SignalDatatypeT]] | None) -> None:
        """Nothing is monitored: these protocols are asked, they do not tell.

        Raises:
            RuntimeError: If a callback is given.
        """
        if callback is not None:
            raise RuntimeError(f"{self._connection.name} cannot be monitored; read {self._signal} instead")


def readable(datatype: type[N], connection: Connection, signal: str, unit: str = "") -> SignalR[N]:
    """A signal that is read."""
    return SignalR(ConnectionBackend(datatype, connection, signal, unit))


def writable(datatype: type[N], connection: Connection, signal: str) -> SignalW[N]:
    """A signal that is written, once each time."""
    return SignalW(ConnectionBackend(datatype, connection, signal))


def settable(datatype: type[N], connection: Connection, signal: str, unit: str = "") -> SignalRW[N]:
    """A signal that is written and read."""
    return SignalRW(ConnectionBackend(datatype, connection, signal, unit))
