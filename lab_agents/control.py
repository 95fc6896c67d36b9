"""A guard's door for people: JSON lines on a socket in the state folder, and signed ones on an address.

A client sends one object with `do`; the guard answers with any number of objects, the last of which has `ok`. On the
address the guard first sends `{"nonce": …}`, and takes only `stop` and `status`, as `{"request": text, "signature":
hex}` with the HMAC-SHA256 of nonce and text under the machine's secret. The nonce is drawn for each connection, so that
what was overheard is worth nothing on the next.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from lab_agents.errors import LabAgentsError
from lab_agents.listening import end_listening
from lab_agents.local_sockets import serve_at
from lab_agents.records.laboratory import GuardAddress

MAX_LINE = 64 * 1024
"""Bytes of a request; a stop has a few hundred."""
MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer: a status tells of each instrument, at a stop also what troubles it, and of each stop in force."""
PATIENCE = 5.0
"""Wall seconds that a connection from afar may take to sign its request."""
STRANGERS = 16
"""Connections from afar that have signed nothing yet; more are closed at once."""
GOODBYE = 1.0
"""Wall seconds that clients get to read their last line when the guard ends."""
REMOTE = frozenset({"stop", "status"})
"""What may be asked from another machine: nothing that makes anything move."""

_LOG = logging.getLogger(__name__)

Json = dict[str, Any]
Answer = Callable[[Json], AsyncIterator[Json]]
"""Takes a request, yields answers; raises a `LabAgentsError` or `ValueError` for one that it refuses."""


class ControlServer:
    """Listens while its context is open.

    Args:
        path: The local socket.
        answer: What answers.
        address: Where else to listen; None for nowhere.
        secret: What requests at that address are signed with; without it nobody is listened to there.
    """

    def __init__(
        self, path: Path, answer: Answer, address: GuardAddress | None = None, secret: str | None = None
    ) -> None:
        self._path, self._answer, self._address, self._secret = path, answer, address, secret
        self._n_strangers = 0
        self._exit = AsyncExitStack()
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ControlServer":
        self._exit.push_async_callback(end_listening, await serve_at(self._path, self._serve_local))
        if self._address is not None and self._secret:
            await self._listen(self._address, self._secret)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()
        if self._clients:
            # Whoever asked for the end is to hear of it.
            await asyncio.wait(self._clients, timeout=GOODBYE)
            for task in tuple(self._clients):
                task.cancel()
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _listen(self, address: GuardAddress, secret: str) -> None:
        serve = partial(self._serve_remote, secret)
        try:
            server = await asyncio.start_server(serve, address.host, address.port, limit=MAX_LINE)
        except OSError as error:
            # A taken port must not leave the machine without its guard; the local socket and the topic remain.
            _LOG.error("The guard cannot listen on %s:%d: %s.", address.host, address.port, error)
        else:
            self._exit.push_async_callback(end_listening, server)

    async def _serve_local(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._connection(writer):
            await self._reply(await receive_line(reader), writer)

    async def _serve_remote(self, secret: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._connection(writer):
            nonce = secrets.token_hex(16)
            with self._as_stranger():
                async with asyncio.timeout(PATIENCE):
                    await send_line(writer, {"nonce": nonce})
                    signed = await receive_line(reader)
            text, signature = str(signed["request"]), str(signed["signature"])
            # As bytes, and in a time that tells nothing of how much of it was right.
            if not hmac.compare_digest(signature.encode(), sign(secret, nonce, text).encode()):
                await send_line(writer, {"ok": False, "error": "The signature is not that of this machine's key."})
                return
            request = json.loads(text)
            if request.get("do") not in REMOTE:
                await send_line(writer, {"ok": False, "error": f"From afar only {', '.join(sorted(REMOTE))}."})
                return
            await self._reply(request, writer)

    @contextmanager
    def _as_stranger(self) -> Iterator[None]:
        """Who has not signed anything yet: only so many at a time, or they would take every descriptor of the guard."""
        if self._n_strangers >= STRANGERS:
            raise EOFError("too many connections that have signed nothing")
        self._n_strangers += 1
        try:
            yield
        finally:
            self._n_strangers -= 1

    async def _reply(self, request: Json, writer: asyncio.StreamWriter) -> None:
        try:
            async for line in self._answer(request):
                await send_line(writer, line)
        except (LabAgentsError, ValueError, TypeError, KeyError) as error:
            await send_line(writer, {"ok": False, "error": str(error)})

    @asynccontextmanager
    async def _connection(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        """Keep a client until it is done; one that leaves early or sends nonsense ends only its own connection."""
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        try:
            with suppress(OSError, EOFError, TimeoutError, ValueError, TypeError, KeyError):
                yield
        finally:
            writer.close()


def sign(key: str, nonce: str, text: str) -> str:
    """The signature of a request to a guard on another machine; the nonce makes an overheard one worthless."""
    return hmac.new(key.encode(), f"{nonce}\n{text}".encode(), hashlib.sha256).hexdigest()


async def send_line(writer: asyncio.StreamWriter, message: Json) -> None:
    """Send one object as a line."""
    writer.write(json.dumps(message).encode() + b"\n")
    await writer.drain()


async def receive_line(reader: asyncio.StreamReader) -> Json:
    """Read one object.

    Raises:
        EOFError: If the other side has closed.
        ValueError: If the line is no JSON object, or too long.
    """
    line = await reader.readline()
    if not line:
        raise EOFError("the other side has closed the connection")
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("a request is not nested that deep") from error
    if not isinstance(message, dict):
        raise ValueError(f"a request is an object, not {line!r:.80}")  # noqa: TRY004 - about bytes
    return message
