"""OPC UA: variables and methods of one object, each call sent once."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClientState
from asyncua.common.node import Node
from asyncua.ua.uaerrors import UaError

from instruments.addresses import Address
from instruments.errors import TransportError
from instruments.transports.connection import Value

_WATCHDOG = 3600.0
"""Seconds between asyncua's own health checks: here a connection is judged by its requests, not by a task beside."""


@dataclass(frozen=True)
class OpcUaObject:
    """One object: its namespace, its browse name, its variables and methods with the types of what is written.

    `asks` names the method that is called with a token and read. A method that is written leaves its answer to be read
    as `verdict`.
    """

    namespace: str
    name: str
    variables: Mapping[str, str]
    methods: Mapping[str, tuple[str, ...]]
    asks: str


class OpcUaWire:
    """An OPC UA client for one object.

    Args:
        address: `opc.tcp://host:port/endpoint`.
        model: The object's signals.
        limit: Seconds within which a request is answered.
    """

    def __init__(self, address: Address, model: OpcUaObject, limit: float) -> None:
        self._address, self._model, self._limit = address, model, limit
        self._client: Client | None = None
        self._object: Node | None = None
        self._nodes: dict[str, Node] = {}
        self._verdict: Value = 0

    @property
    def is_open(self) -> bool:
        """Whether the session stands."""
        return self._client is not None and self._client.uaclient.state is UaClientState.CONNECTED

    async def open(self) -> None:
        """Connect and look every node up, so that later requests take one round trip."""
        self._client = Client(str(self._address), timeout=self._limit, watchdog_intervall=_WATCHDOG)
        try:
            await self._client.connect()
            index = await self._client.get_namespace_index(self._model.namespace)
            self._object = await self._client.nodes.objects.get_child([f"{index}:{self._model.name}"])
            for name in (*self._model.variables, *self._model.methods, self._model.asks):
                self._nodes[name] = await self._object.get_child([f"{index}:{name}"])
        except (UaError, ValueError, TimeoutError) as error:
            raise TransportError(f"no {self._model.name} of {self._model.namespace} answers: {error}") from error

    async def close(self) -> None:
        """Disconnect."""
        client, self._client, self._object = self._client, None, None
        if client is not None:
            # asyncua logs and swallows what a dead server refuses; what is left is the socket's own failure.
            try:
                with contextlib.suppress(OSError, UaError, TimeoutError):
                    async with asyncio.timeout(self._limit):
                        await client.disconnect()
            finally:
                # A farewell that is cut short, because the server is silent or the caller gives up, leaves it open.
                client.disconnect_socket()

    async def read(self, signal: str, token: str) -> Value:
        """Read a variable; or ask about `token`, which gives the method's answers; or the last method's verdict."""
        if signal == "verdict":
            return self._verdict
        try:
            if signal == self._model.asks:
                answer: Value = await self._call(signal, (ua.Variant(token, ua.VariantType.String),))
                return answer
            value: Value = await self._find(signal).read_value()
        except (UaError, TimeoutError) as error:
            raise TransportError(f"{signal} is not answered: {error}") from error
        return value

    async def write(self, signal: str, value: Value) -> None:
        """Write a variable, or call a method with the values in order."""
        try:
            if signal in self._model.methods:
                self._verdict = await self._call(signal, self._arguments(signal, value))
            else:
                kind = ua.VariantType[self._model.variables.get(signal, "Int64")]
                number = value if isinstance(value, str) or kind is ua.VariantType.Double else _whole(signal, value)
                await self._find(signal).write_value(ua.DataValue(ua.Variant(number, kind)))
        except (UaError, TimeoutError) as error:
            raise TransportError(f"{signal} is not accepted: {error}") from error

    async def _call(self, method: str, arguments: Sequence[ua.Variant]) -> Value:
        node = self._find(method)
        if self._object is None:
            raise TransportError("not connected")
        answer: Value = await self._object.call_method(node.nodeid, *arguments)
        return answer

    def _arguments(self, method: str, value: Value) -> list[ua.Variant]:
        kinds = self._model.methods[method]
        if isinstance(value, str | float | int) or len(value) != len(kinds):
            raise TransportError(f"{method} takes {len(kinds)} values, not {value!r}")
        return [
            ua.Variant(int(str(item)) if kind == "Int64" else str(item), ua.VariantType[kind])
            for item, kind in zip(value, kinds, strict=True)
        ]

    def _find(self, signal: str) -> Node:
        if self._client is None:
            raise TransportError("not connected")
        if signal not in self._nodes:
            raise TransportError(f"there is no node {signal}; known are {', '.join(sorted(self._nodes))}")
        return self._nodes[signal]


def _whole(signal: str, value: Value) -> int:
    if not isinstance(value, int | float):
        raise TransportError(f"{signal} takes a number, not {value!r}")
    return int(value)
