import pytest

from lab_agents.local_sockets import connect_to, serve_at


async def greet(reader, writer):
    writer.write(b"hello\n")
    writer.close()


@pytest.mark.parametrize("depth", [0, 12])
async def test_a_socket_works_however_long_its_path_is(tmp_path, depth):
    folder = tmp_path.joinpath(*["a_long_name"] * depth)
    folder.mkdir(parents=True, exist_ok=True)
    async with await serve_at(folder / "guard.sock", greet):
        reader, writer = await connect_to(folder / "guard.sock")
        assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()
        # While it listens: a newer Python takes the file away afterwards.
        assert (folder / "guard.sock").stat().st_mode & 0o777 == 0o600


async def test_what_a_killed_process_left_is_replaced(tmp_path):
    (tmp_path / "guard.sock").write_text("")
    async with await serve_at(tmp_path / "guard.sock", greet):
        reader, writer = await connect_to(tmp_path / "guard.sock")
        assert await reader.readline() == b"hello\n"
        writer.close()
        await writer.wait_closed()


async def test_nobody_listening_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await connect_to(tmp_path / "guard.sock")
