"""The end of listening, with nobody left half let in."""

import asyncio
from typing import Protocol

_TURNS = 5
"""Turns of the loop until whoever was accepted is served: asyncio makes the transport in the first, tells the protocol
in the second, and the task that serves takes its first step in the third. With fewer a connection could come when all
are hung up on, and stay; more cost nothing that anybody feels."""


class Descriptor(Protocol):
    """A listening socket, or what stands for one."""

    def fileno(self) -> int:
        """Its number."""
        ...


async def stop_accepting(*sockets: Descriptor) -> None:
    """Accept nobody any more, and return when those that were accepted are served, so that they can be hung up on."""
    loop = asyncio.get_running_loop()
    for listening in sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def end_listening(server: asyncio.Server) -> None:
    """Close a server; its connections are left to whoever serves them.

    `Server.close` alone loses a connection that was accepted in the same turn of the loop: a closed server refuses its
    transport, and nobody closes the socket (https://github.com/python/cpython/issues/109564).
    """
    await stop_accepting(*server.sockets)
    server.close()
