"""The hands' door."""

import asyncio
import json
from pathlib import Path

import pytest

from simulators.hands import Hands
from simulators.servers.hands import HandsServer
from tests.thin_film_stand import open_floor, thin_film


async def ask(port: int, line: bytes) -> dict[str, object]:
    """One line in, one line out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line)
    answer: dict[str, object] = json.loads(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b'{"ticket": "ticket-1", "consumable": "tips"}\n', {"count": 2000.0}),
        (b'{"ticket": "ticket-1"}\n', {"refused": 'b\'{"ticket": "ticket-1"}\\n\' names no ticket and consumable'}),
        (b"full please\n", {"refused": "b'full please\\n' names no ticket and consumable"}),
    ],
)
async def test_one_line_is_answered_by_one(tmp_path: Path, line: bytes, answer: dict[str, object]) -> None:
    """What cannot be meant is refused, and moves nothing."""
    async with open_floor(tmp_path) as floor:
        server = HandsServer(Hands(thin_film(), floor))
        port = await server.start(0)
        assert await ask(port, line) == answer
        await server.close()
        with pytest.raises(ConnectionRefusedError):
            await ask(port, line)
