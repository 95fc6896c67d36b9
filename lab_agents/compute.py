"""The shared pool of compute workers: pure jobs in, answers out, over sockets in the state folder.

A message is its length (4 bytes, big-endian) and so many bytes of JSON. A worker first says `{"queue": n}`; a client
takes the shortest queue, sends `{"name": …, "arguments": …}` and gets `{"answer": …}` or `{"error": …}`.
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

from lab_agents.errors import ComputeError
from lab_agents.listening import end_listening
from lab_agents.local_sockets import connect_to, serve_at

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""A thousand observations are below one MiB; more than this is a foreign program on the socket."""
MAX_DEATHS = 5
"""So many workers may die under one job before it counts as what killed them."""
MAX_ANSWERS = 256
"""Answers that a worker keeps, so that an agent that was killed gets its answer at once when it asks again."""
LOOK_AGAIN = 0.1
"""Wall seconds between two looks for a worker while none is there."""

Run = Callable[[str, str], str]
"""Computes: the job's name and its arguments (JSON) in, the answer (JSON) out. Pure; runs in a thread of its own."""


class Executor(Protocol):
    """Where agents have things computed."""

    async def run(self, name: str, arguments: str) -> str:
        """Compute the job `name` with `arguments` (JSON) and return its answer (JSON).

        Waits for a worker as long as it takes; asking again for the same job costs nothing.

        Raises:
            ComputeError: With the error's text, if the job itself failed.
        """
        ...


def content_key(name: str, arguments: str) -> str:
    """What names a job: equal names and arguments have equal answers."""
    return hashlib.sha256(f"{name}\0{arguments}".encode()).hexdigest()


class ComputeServer:
    """One worker: computes one job at a time, in a thread, so that its event loop still beats.

    Args:
        path: Its socket, `STATE/compute/<worker>.sock`.
        run: What computes.
    """

    def __init__(self, path: Path, run: Run) -> None:
        self._path, self._run = path, run
        self._jobs: OrderedDict[str, asyncio.Future[str]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="compute")
        self._exit = AsyncExitStack()
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def is_working(self) -> bool:
        """Whether a job is computed or waits."""
        return self._queue > 0

    @property
    def _queue(self) -> int:
        return sum(not job.done() for job in self._jobs.values())

    async def __aenter__(self) -> "ComputeServer":
        server = await serve_at(self._path, self._serve)
        self._exit.callback(self._thread.shutdown, wait=False, cancel_futures=True)
        self._exit.push_async_callback(self._close, server)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exit.aclose()
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _close(self, server: asyncio.Server) -> None:
        await end_listening(server)
        for writer in self._connections:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            await _send(writer, {"queue": self._queue})
            while True:
                asked = await _receive(reader)
                await _send(writer, await self._answer(str(asked["name"]), str(asked["arguments"])))
        except (OSError, asyncio.IncompleteReadError, ValueError, KeyError):
            # The client is gone, or is none of ours. Its job goes on: it will ask again.
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, name: str, arguments: str) -> dict[str, Any]:
        key = content_key(name, arguments)
        job = self._jobs.get(key)
        if job is None:
            job = asyncio.get_running_loop().run_in_executor(self._thread, self._run, name, arguments)
            self._jobs[key] = job
        self._jobs.move_to_end(key)
        await asyncio.wait({job})
        error = job.exception()
        if error is not None:
            # Kept answers are answers: a failure may have been the machine's (no memory), so it is tried again.
            self._jobs.pop(key, None)
            return {"error": f"{type(error).__name__}: {error}"}
        self._forget_oldest()
        return {"answer": job.result()}

    def _forget_oldest(self) -> None:
        finished = [key for key, job in self._jobs.items() if job.done()]
        for key in finished[: max(0, len(finished) - MAX_ANSWERS)]:
            del self._jobs[key]


class ComputeClient:
    """Sends jobs to whichever worker is there; one that dies is replaced by another, because jobs are pure.

    Args:
        folder: `STATE/compute`, where workers have their sockets.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def run(self, name: str, arguments: str) -> str:
        """See `Executor.run`.

        Raises:
            ComputeError: Also if five workers died while they computed it.
        """
        deaths = 0
        while deaths < MAX_DEATHS:
            async with AsyncExitStack() as open_until_done:
                worker = await self._find_worker(open_until_done)
                if worker is None:
                    await asyncio.sleep(LOOK_AGAIN)
                    continue
                reader, writer = worker
                try:
                    await _send(writer, {"name": name, "arguments": arguments})
                    reply = await _receive(reader)
                except (OSError, asyncio.IncompleteReadError):
                    deaths += 1
                    continue
            if "error" in reply:
                raise ComputeError(f"The job {name} failed: {reply['error']}")
            return str(reply["answer"])
        raise ComputeError(f"{MAX_DEATHS} workers died while they computed the job {name}. Look into their logs.")

    async def _find_worker(
        self, open_until_done: AsyncExitStack
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """The worker with the shortest queue."""
        best: tuple[int, asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for path in await asyncio.to_thread(lambda: sorted(self._folder.glob("*.sock"))):
            # A socket without a listener was left by a worker that was killed.
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                reader, writer = await connect_to(path)
                open_until_done.callback(writer.close)
                queue = int((await _receive(reader))["queue"])
                if best is None or queue < best[0]:
                    best = queue, reader, writer
        return None if best is None else best[1:]


async def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    if len(data) > MAX_MESSAGE_BYTES:
        raise ComputeError(f"a message of {len(data)} bytes; a worker takes {MAX_MESSAGE_BYTES}. Put data into blobs.")
    writer.write(len(data).to_bytes(4, "big") + data)
    await writer.drain()


async def _receive(reader: asyncio.StreamReader) -> dict[str, Any]:
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes; at most {MAX_MESSAGE_BYTES} are read")
    message = json.loads(await reader.readexactly(length))
    if not isinstance(message, dict):
        raise ValueError(f"a {type(message).__name__} where an object was expected")  # noqa: TRY004 - bytes, not types
    return message
