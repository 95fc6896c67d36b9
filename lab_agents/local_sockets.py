"""Sockets in the state folder, also where its path is longer than a socket's address may be."""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab_agents.errors import StateFolderError

MAX_ADDRESS = 100
"""Bytes of a path that every system takes (104 on macOS, 108 on Linux, with the closing zero)."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def serve_at(path: Path, serve: Serve) -> asyncio.Server:
    """Listen on `path`, readable by this user alone; what an earlier process left there is replaced.

    Raises:
        StateFolderError: If the path is too long for this system.
    """
    return await asyncio.start_unix_server(serve, sock=await asyncio.to_thread(_bind, path))


async def connect_to(path: Path, *, limit: int = 64 * 1024) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to whoever listens on `path`.

    Args:
        path: The socket.
        limit: Bytes of the longest line that is read.

    Raises:
        OSError: If nobody does.
    """
    with _short(path) as address:
        return await asyncio.open_unix_connection(address, limit=limit)


def _bind(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        with _short(path) as address:
            listener.bind(address)
        path.chmod(0o600)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def _short(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= MAX_ADDRESS:
        yield str(path)
        return
    if sys.platform != "linux":
        raise StateFolderError(f"The path {path} is too long for a socket on this system. Give a shorter --state.")
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
