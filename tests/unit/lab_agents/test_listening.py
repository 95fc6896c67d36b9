"""Whoever is accepted when a server ends is let in, so that it can be hung up on."""

import asyncio
import gc
import socket
import sys

import pytest

from lab_agents.listening import end_listening, stop_accepting


@pytest.mark.parametrize("turns", range(8))
async def test_nobody_is_left_half_let_in_whenever_a_server_ends(turns, monkeypatch):
    """Closed by asyncio alone, it loses whoever was accepted in the same turn, and leaves that socket open."""
    left_open: list[BaseException | None] = []
    writers: list[asyncio.StreamWriter] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left_open.append(found.exc_value))
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    with client:
        client.connect_ex(server.sockets[0].getsockname())
        for _ in range(turns):
            await asyncio.sleep(0)
        await end_listening(server)
        assert not server.is_serving()
        for writer in writers:
            writer.close()
            await writer.wait_closed()
    gc.collect()
    assert left_open == []


async def test_nobody_is_accepted_any_more_and_all_others_are_served():
    served = []

    async def serve(reader, writer):
        served.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, before = await asyncio.open_connection("127.0.0.1", port)
    await stop_accepting(*server.sockets)
    _, after = await asyncio.open_connection("127.0.0.1", port)
    for writer in (after, before):
        writer.write(b"hello\n")
        await writer.drain()
    while not served:
        await asyncio.sleep(0.01)
    server.close()
    for writer in (after, before):
        writer.close()
    assert served == [b"hello\n"]
