"""The bus on MQTT; the only module that knows it."""

import asyncio
import contextlib
import logging
import random
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import parse_qs, urlsplit

import aiomqtt

from lab_agents.bus.filters import check_filter, check_publish, is_match
from lab_agents.bus.protocol import Message, Receive
from lab_agents.errors import BusError

KEEPALIVE = 2
"""Seconds. A broker gives up a frozen client after 1.5 times this, Mosquitto up to 6 s later (it looks every 5 s), so
nobody may wait for a last will to know that something is frozen. With 1, a second and a half without a turn of the loop
on a busy machine would already cut the connection."""

REQUEST = 2.0
"""Wall seconds after which the broker's silence on a request counts as loss; outlasts a slow disk's flush."""

LEAVE = 0.2
"""Wall seconds for the goodbye of a connection that was never made."""

_LOG = logging.getLogger(__name__)
# What aiomqtt warns of (a lost connection, many waiting publishes) is ordinary here, and said by `is_connected`.
_WIRE = logging.getLogger(f"{__name__}.wire")
_WIRE.setLevel(logging.ERROR)
# paho calls the end of a connection an error of its own; a broker that is put to rest ends them all.
_WIRE.addFilter(lambda record: not record.msg.startswith(("failed to receive on socket", "timeout on socket")))
_VERSIONS = {"3.1.1": aiomqtt.ProtocolVersion.V311, "5": aiomqtt.ProtocolVersion.V5}
_NO_DELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


@dataclass(frozen=True)
class Access:
    """The files by which a client knows the broker (`authority`), and by which it is known."""

    authority: Path
    certificate: Path
    key: Path


class MqttBus:
    """One client of an MQTT broker, with a clean session each time it connects.

    Entering it waits for the first attempt to connect and returns also where that failed: it goes on trying in the
    background, at once and then after 0.1 to 1 s with jitter, until it is left.

    Args:
        url: `mqtt://host[:port][?version=3.1.1|5]`; `mqtts://` for TLS.
        client_id: Unique at the broker; a second client of the same id displaces the first, and the two would then
            displace each other for ever. Put the epoch into it.
        will: Topic and payload that the broker publishes (retained) when this client dies or freezes.
        access: Who this client is, for a broker that asks; without it TLS knows the system's authorities.

    Raises:
        BusError: If the URL is none of these; at entering, if a file of `access` is missing or can be read by others.
    """

    def __init__(
        self, url: str, client_id: str, will: tuple[str, bytes] | None = None, access: Access | None = None
    ) -> None:
        # A broker takes a client's id on trust: whoever knew it could displace it, under any name of its own.
        client_id = client_id if access is None else f"{client_id}-{secrets.token_hex(8)}"
        self._connect = _prepare(url, client_id, will)
        self._access = access
        self._context: ssl.SSLContext | None = None
        self.url, self._client_id = url, client_id
        self._jitter = random.Random(client_id)  # spreads reconnecting clients, keeps each one repeatable
        self._receivers: list[tuple[str, Receive]] = []
        self._client: aiomqtt.Client | None = None
        self._in_flight: set[asyncio.Timeout] = set()
        self._tried = asyncio.Event()
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self.url.startswith("mqtts"):
            self._context = await asyncio.to_thread(_secure, self._access)
        self._task = asyncio.create_task(self._stay_connected(), name=f"bus of {self._client_id}")
        try:
            await self._tried.wait()
        except asyncio.CancelledError:
            # Who never came in does not go out either.
            await self.__aexit__(None, None, None)
            raise
        if self._task.done():
            self._task.result()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> bool:
        """See `Bus.publish`; with QoS 1 it returns when the broker has answered."""
        check_publish(topic, payload)
        client = self._client
        if client is None or not self.is_connected:
            return False
        try:
            async with self._until_lost():
                await client.publish(topic, payload, qos=qos, retain=retain, timeout=2 * REQUEST)
        except (aiomqtt.MqttError, TimeoutError):
            return False
        return True

    async def subscribe(self, topic_filter: str, receive: Receive) -> None:
        """See `Bus.subscribe`."""
        check_filter(topic_filter)
        self._receivers.append((topic_filter, receive))
        if self._client is not None and self.is_connected:
            # Where the connection is lost meanwhile, the next one subscribes to everything.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                await self._ask_for(self._client, topic_filter)

    @property
    def is_connected(self) -> bool:
        """Whether the broker answered, every filter is subscribed to, and the connection was not lost since."""
        return self._connected.is_set()

    async def wait_connected(self) -> None:
        """Return when the broker is reached; combine with `asyncio.timeout`."""
        await self._connected.wait()

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            try:
                async with self._attempt() as client:
                    await self._subscribe_all(client)
                    failures = 0
                    # Messages go to `_hand` directly; this iterator only ends, by raising, with the connection.
                    async for _ in client.messages:
                        pass
            except (aiomqtt.MqttError, TimeoutError) as error:
                _LOG.info("%s lost or did not reach the broker: %s", self._client_id, error)
            finally:
                self._lose()
            if failures:
                await asyncio.sleep(self._jitter.uniform(0.1, min(1.0, 0.2 * 2**failures)))
            failures = min(failures + 1, 10)

    @contextlib.asynccontextmanager
    async def _attempt(self) -> AsyncIterator[aiomqtt.Client]:
        client = self._connect(self._hand, self._context)
        entering = asyncio.create_task(client.__aenter__())
        try:
            await asyncio.shield(entering)
        except (aiomqtt.MqttError, asyncio.CancelledError):
            # aiomqtt connects in a thread that no cancellation reaches, and does not close the socket of an attempt
            # that failed half-way: it would connect later on, and displace its successor.
            client.timeout = LEAVE
            await _surely(_abandon(client, entering))
            raise
        try:
            yield client
        finally:
            await _surely(client.__aexit__(None, None, None))

    async def _subscribe_all(self, client: aiomqtt.Client) -> None:
        self._client = client
        done = 0
        # Filters may be added while the earlier ones are being subscribed to.
        while done < len(self._receivers):
            await self._ask_for(client, self._receivers[done][0])
            done += 1
        self._connected.set()
        self._tried.set()

    async def _ask_for(self, client: aiomqtt.Client, topic_filter: str) -> None:
        # QoS 0 to subscribers: a clean session is sent nothing twice anyway, and an acknowledgement of each message by
        # each follower would be half of what everybody sends. What a follower misses, a page brings.
        async with self._until_lost():
            codes = await client.subscribe(topic_filter, qos=0, timeout=2 * REQUEST)
        refused = [code for code in codes if (code if isinstance(code, int) else code.value) >= 128]
        if refused:
            _LOG.error("The broker refuses %s to read %s; mend its access list.", self._client_id, topic_filter)

    def _lose(self) -> None:
        self._client = None
        self._connected.clear()
        self._tried.set()
        now = asyncio.get_running_loop().time()
        for limit in self._in_flight:
            if not limit.expired():
                limit.reschedule(now)

    @contextlib.asynccontextmanager
    async def _until_lost(self) -> AsyncIterator[None]:
        task = asyncio.current_task()
        n_cancelled = task.cancelling() if task is not None else 0
        async with asyncio.timeout(REQUEST) as limit:
            self._in_flight.add(limit)
            try:
                yield
            finally:
                self._in_flight.discard(limit)
        if task is not None and task.cancelling() > n_cancelled:
            # aiomqtt waits with `asyncio.wait_for`, which up to Python 3.11 swallows a cancellation that comes in the
            # same turn as the broker's answer: whoever publishes in a loop would never end.
            raise asyncio.CancelledError

    def _hand(self, message: aiomqtt.Message) -> None:
        payload = message.payload
        arrived = Message(message.topic.value, bytes(payload) if isinstance(payload, bytes) else b"", message.retain)
        for topic_filter, receive in list(self._receivers):
            if is_match(topic_filter, arrived.topic):
                receive(arrived)


class _Straight(asyncio.Queue[aiomqtt.Message]):
    """Hands each message on in the turn in which it came: aiomqtt's own queue costs two tasks per message."""

    def __init__(self, hand: Callable[[aiomqtt.Message], None]) -> None:
        super().__init__()
        self._pass_on = hand

    def put_nowait(self, item: aiomqtt.Message) -> None:
        # Through the loop, because paho would take an error of a receiver for a broken connection.
        asyncio.get_running_loop().call_soon(self._pass_on, item)


async def _abandon(client: aiomqtt.Client, entering: asyncio.Task[aiomqtt.Client]) -> None:
    with contextlib.suppress(aiomqtt.MqttError):
        await entering
    with contextlib.suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)


async def _surely(goodbye: Coroutine[None, None, None]) -> None:
    """Await to the end what has its own time limit, however often the caller is cancelled meanwhile; then obey."""
    leaving = asyncio.create_task(goodbye)
    is_cancelled = False
    while not leaving.done():
        try:
            await asyncio.wait({leaving})
        except asyncio.CancelledError:
            is_cancelled = True
    try:
        leaving.result()
    finally:
        if is_cancelled:
            raise asyncio.CancelledError


def _prepare(
    url: str, client_id: str, will: tuple[str, bytes] | None
) -> Callable[[Callable[[aiomqtt.Message], None], ssl.SSLContext | None], aiomqtt.Client]:
    if "@" in url:
        raise BusError("A broker's address holds no user and no password: clients show certificates. Take them out.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BusError(f"{url!r} is no broker address ({error}). Write mqtt://host:port.") from error
    version = parse_qs(parts.query).get("version", ["3.1.1"])[-1]
    if parts.scheme not in ("mqtt", "mqtts") or not host or version not in _VERSIONS:
        raise BusError(f"{url!r} is no broker address. Write mqtt://host:port, with ?version=5 if MQTT 5 is wanted.")
    is_secure = parts.scheme == "mqtts"

    def connect(hand: Callable[[aiomqtt.Message], None], context: ssl.SSLContext | None) -> aiomqtt.Client:
        return aiomqtt.Client(
            host,
            port or (8883 if is_secure else 1883),
            logger=_WIRE,
            identifier=client_id,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: _Straight(hand)),
            protocol=_VERSIONS[version],
            will=None if will is None else aiomqtt.Will(*will, qos=1, retain=True),
            # MQTT 5 starts clean by default on a client's first connection, and each of ours is one.
            clean_session=None if version == "5" else True,
            timeout=REQUEST,
            keepalive=KEEPALIVE,
            socket_options=_NO_DELAY,
            tls_context=context,
        )

    return connect


def check_private(path: Path) -> None:
    """Refuse a key or secret that others than its owner may read.

    Raises:
        BusError: With the remedy.
        OSError: If it is not there.
    """
    mode = path.stat().st_mode
    if mode & 0o077:
        raise BusError(f"{path} may be read by others (mode {mode & 0o777:o}). Take it back: chmod 600 {path}")


class _TidySocket(ssl.SSLSocket):
    """Closed where the other side is not the one that was meant; paho would leave it to the collector of garbage."""

    def do_handshake(self, block: bool = False) -> None:
        """As the base class, which raises an `OSError`."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _secure(access: Access | None) -> ssl.SSLContext:
    if access is None:
        return ssl.create_default_context()
    try:
        check_private(access.key)
        context = ssl.create_default_context(cafile=str(access.authority))
        context.load_cert_chain(access.certificate, access.key)
    except (OSError, ssl.SSLError) as error:
        raise BusError(
            f"{access.certificate}, {access.key.name} and {access.authority.name} are no certificate, key and "
            f"authority ({error}). Copy them from where `lab-agents credentials` made them."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _TidySocket
    return context
