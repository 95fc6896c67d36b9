"""EPICS Channel Access through pyepics, in a thread and a CA context of its own for each instrument."""

from collections.abc import Mapping
from typing import Literal

import epics
from epics import ca, dbr

from instruments.addresses import Address
from instruments.errors import TransportError
from instruments.transports.blocking import ClientThread
from instruments.transports.ca_search import search_only
from instruments.transports.connection import Value

Kind = Literal["number", "text"]

_HASTE = 0.9
"""The client's own share of the time limit: it must end before its caller gives up."""
_NO_TYPE = dbr.TIME_STRING - 1
"""What pyepics takes for the type of a channel that is lost again while it asks for it; it never asks a second time."""


class ChannelAccessWire:
    """A Channel Access client for the process variables of one instrument.

    Args:
        address: `ca://host:port/PREFIX:`.
        channels: Signals, and whether each is a number or a text (CHAR waveform).
        limit: Seconds within which a request is answered.
    """

    def __init__(self, address: Address, channels: Mapping[str, Kind], limit: float) -> None:
        self._address, self._channels, self._limit = address, channels, limit
        self._thread = ClientThread(f"ca-{address.port}")
        self._variables: dict[str, epics.PV] = {}
        self._has_context = False

    @property
    def is_open(self) -> bool:
        """Whether every process variable is connected."""
        return all(variable.connected for variable in self._variables.values())

    async def open(self) -> None:
        """Connect to every process variable."""
        await self._thread.call(self._open)

    async def close(self) -> None:
        """Nothing: libca keeps its one connection and finds the server again when it comes back."""

    async def read(self, signal: str, token: str) -> Value:
        """Get a value."""
        return await self._thread.call(lambda: self._get(signal))

    async def write(self, signal: str, value: Value) -> None:
        """Put a value and wait until the server has processed it."""
        await self._thread.call(lambda: self._put(signal, value))

    def _open(self) -> None:
        if not self._has_context:
            # A context reads where to search when its first channel is made, and at no other time.
            with search_only(self._address):
                # The first use of libca makes a context for the thread that uses it, and calls it the initial one. That
                # is left to ophyd, which takes it for its own: this one searches at this instrument alone.
                if ca.libca is None:
                    ca.initialize_libca()
                if ca.current_context() is not None:
                    ca.detach_context()
                ca.create_context()
                for signal in self._channels:
                    self._variables[signal] = epics.PV(f"{self._address.path}{signal}", auto_monitor=False)
            self._has_context = True
        for signal, variable in self._variables.items():
            if not variable.wait_for_connection(timeout=self._limit * _HASTE):
                raise TransportError(f"no server has {self._address.path}{signal}")

    def _get(self, signal: str) -> Value:
        as_string = self._kind(signal) == "text"
        self._mend(signal)
        try:
            value = self._variables[signal].get(as_string=as_string, timeout=self._limit * _HASTE, use_monitor=False)
        except (ca.ChannelAccessException, ca.ChannelAccessGetFailure) as error:
            raise TransportError(f"{signal} is not answered: {error}") from error
        if value is None:
            raise TransportError(f"{signal} is not answered")
        return str(value) if as_string else float(value)

    def _put(self, signal: str, value: Value) -> None:
        wanted = str(value) if self._kind(signal) == "text" else float(str(value))
        done = self._variables[signal].put(wanted, wait=True, timeout=self._limit * _HASTE)
        if done != 1:
            raise TransportError(f"{signal} is not accepted (put returned {done})")

    def _mend(self, signal: str) -> None:
        variable = self._variables[signal]
        if variable.ftype == _NO_TYPE:
            variable.disconnect()
            variable = self._variables[signal] = epics.PV(variable.pvname, auto_monitor=False)
            variable.wait_for_connection(timeout=self._limit * _HASTE / 2)

    def _kind(self, signal: str) -> Kind:
        if signal not in self._channels or signal not in self._variables:
            raise TransportError(f"{signal} is not connected; known are {', '.join(sorted(self._channels))}")
        return self._channels[signal]
