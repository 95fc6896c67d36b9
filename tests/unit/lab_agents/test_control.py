import asyncio
import contextlib
import json

import pytest

from lab_agents.control import STRANGERS, ControlServer, receive_line, send_line, sign
from lab_agents.errors import GuardError
from lab_agents.local_sockets import connect_to
from lab_agents.records.laboratory import GuardAddress

KEY = "correct horse battery"


async def echo(request):
    if request["do"] == "fail":
        raise GuardError("not today")
    yield {"draining": "line_a"}
    yield {"ok": True, "asked": request["do"]}


async def lines_of(reader):
    found = []
    async with asyncio.timeout(60):
        while line := await reader.readline():
            found.append(json.loads(line))
    return found


async def test_a_request_gets_its_answers_and_the_last_has_ok(tmp_path):
    async with ControlServer(tmp_path / "guard.sock", echo):
        reader, writer = await connect_to(tmp_path / "guard.sock")
        await send_line(writer, {"do": "status"})
        assert await lines_of(reader) == [{"draining": "line_a"}, {"ok": True, "asked": "status"}]
        writer.close()


@pytest.mark.parametrize("request_", [{"do": "fail"}, {}])
async def test_what_is_refused_is_an_answer_too(tmp_path, request_):
    async with ControlServer(tmp_path / "guard.sock", echo):
        reader, writer = await connect_to(tmp_path / "guard.sock")
        await send_line(writer, request_)
        (last,) = await lines_of(reader)
        assert last["ok"] is False
        writer.close()


@pytest.mark.parametrize("noise", [b"\n", b"[]\n", b"\xff\xfe\n", b"x" * 200_000 + b"\n"])
async def test_noise_ends_only_its_own_connection(tmp_path, noise):
    async with ControlServer(tmp_path / "guard.sock", echo):
        reader, writer = await connect_to(tmp_path / "guard.sock")
        writer.write(noise)
        assert await lines_of(reader) == []
        writer.close()
        reader, writer = await connect_to(tmp_path / "guard.sock")
        await send_line(writer, {"do": "status"})
        assert (await lines_of(reader))[-1]["ok"]
        writer.close()


async def ask_remotely(port, request, key):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    nonce = (await receive_line(reader))["nonce"]
    text = json.dumps(request)
    await send_line(writer, {"request": text, "signature": sign(key, nonce, text)})
    found = await lines_of(reader)
    writer.close()
    return found


async def test_from_afar_only_a_signed_stop_is_taken(tmp_path, unused_tcp_port):
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    async with ControlServer(tmp_path / "guard.sock", echo, address, KEY):
        assert (await ask_remotely(address.port, {"do": "stop"}, KEY))[-1] == {"ok": True, "asked": "stop"}
        forged = await ask_remotely(address.port, {"do": "stop"}, "another key of a lab")
        assert "signature" in forged[-1]["error"]
        moving = await ask_remotely(address.port, {"do": "rearm"}, KEY)
        assert moving[-1] == {"ok": False, "error": "From afar only status, stop."}


async def test_what_was_overheard_is_worth_nothing_on_another_connection(tmp_path, unused_tcp_port):
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    asked = []

    async def note(request):
        asked.append(request)
        yield {"ok": True}

    async with ControlServer(tmp_path / "guard.sock", note, address, KEY):
        text, first = json.dumps({"do": "stop"}), None
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
            nonce = (await receive_line(reader))["nonce"]
            first = first or {"request": text, "signature": sign(KEY, nonce, text)}
            await send_line(writer, first)
            await lines_of(reader)
            writer.close()
    assert asked == [{"do": "stop"}]


async def test_strangers_cannot_keep_those_out_who_sign(tmp_path, unused_tcp_port):
    """A connection that signs nothing is closed; more than a few of them at once."""
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    async with ControlServer(tmp_path / "guard.sock", echo, address, KEY):
        silent = [await asyncio.open_connection("127.0.0.1", unused_tcp_port) for _ in range(STRANGERS)]
        for reader, _ in silent:
            await receive_line(reader)
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        with pytest.raises(EOFError):
            await receive_line(reader)
        writer.close()
        silent[0][1].close()
        await silent[0][1].wait_closed()
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(EOFError, OSError):
                    assert (await ask_remotely(unused_tcp_port, {"do": "stop"}, KEY))[-1]["ok"]
                    break
        for _, writer in silent[1:]:
            writer.close()


async def test_without_a_secret_nobody_is_heard_from_afar(tmp_path, unused_tcp_port):
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    async with ControlServer(tmp_path / "guard.sock", echo, address):
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection("127.0.0.1", unused_tcp_port)


async def test_a_taken_port_leaves_the_local_door_open(tmp_path, unused_tcp_port, caplog):
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    taken = await asyncio.start_server(lambda r, w: None, "127.0.0.1", unused_tcp_port)
    async with taken, ControlServer(tmp_path / "guard.sock", echo, address, KEY):
        reader, writer = await connect_to(tmp_path / "guard.sock")
        await send_line(writer, {"do": "status"})
        assert (await lines_of(reader))[-1]["ok"]
        writer.close()
    assert "cannot listen" in caplog.text
