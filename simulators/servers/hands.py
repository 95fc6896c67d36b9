"""Where the simulated person's hands reach into the simulated laboratory: one line of JSON, one answer, over TCP.

`{"ticket": "ticket-12", "consumable": "tips"}` → `{"count": 25.0}`, or `{"refused": "why"}`.
"""

import asyncio
import json
from typing import cast

from lab_agents.listening import end_listening
from simulators.errors import SimulatorError
from simulators.hands import Hands

HANDS = "hands"
"""Its name among the addresses of the instruments."""
LONGEST_LINE = 4096


class HandsServer:
    """Listens on loopback."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on `port`, 0 for any.

        Returns:
            The port.
        """
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            await end_listening(self._server)
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections.add(task)
        try:
            answer = await self._answer(await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            asked = json.loads(line)
            ticket, consumable = str(asked["ticket"]), str(asked["consumable"])
        except (ValueError, KeyError, TypeError):
            return {"refused": f"{line[:100]!r} names no ticket and consumable"}
        try:
            return {"count": await self._hands.load(ticket, consumable)}
        except (OSError, SimulatorError) as error:
            return {"refused": str(error)}
