import asyncio
import threading

import pytest

from lab_agents.compute import MAX_DEATHS, ComputeClient, ComputeServer, content_key
from lab_agents.errors import ComputeError
from lab_agents.local_sockets import connect_to, serve_at


class Counting:
    """Answers with its arguments, and counts; waits for `gate` where told to."""

    def __init__(self):
        self.n = 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, name, arguments):
        self.gate.wait()
        self.n += 1
        if name == "fail":
            raise ValueError(f"no such blend: {arguments}")
        return f"{name}({arguments})"


async def test_a_job_is_computed_once_however_often_it_is_asked(tmp_path):
    run = Counting()
    async with ComputeServer(tmp_path / "compute_1.sock", run):
        client = ComputeClient(tmp_path)
        answers = await asyncio.gather(*(client.run("ask", "{}") for _ in range(5)))
        assert answers == ["ask({})"] * 5
        assert await client.run("ask", "{}") == "ask({})"
        assert run.n == 1
        assert await client.run("ask", "[1]") == "ask([1])"
        assert run.n == 2


async def test_a_failed_job_brings_its_error_and_may_be_tried_again(tmp_path):
    run = Counting()
    async with ComputeServer(tmp_path / "compute_1.sock", run):
        for n in (1, 2):
            with pytest.raises(ComputeError, match="The job fail failed: ValueError: no such blend"):
                await ComputeClient(tmp_path).run("fail", "{}")
            assert run.n == n


async def test_a_worker_answers_its_loop_while_it_computes(tmp_path):
    run = Counting()
    run.gate.clear()
    async with ComputeServer(tmp_path / "compute_1.sock", run) as server:
        asked = asyncio.create_task(ComputeClient(tmp_path).run("ask", "{}"))
        async with asyncio.timeout(60):
            while not server.is_working:
                await asyncio.sleep(0)
        run.gate.set()
        assert await asked == "ask({})"
        assert not server.is_working


async def test_the_worker_with_the_shortest_queue_is_taken(tmp_path):
    busy, free = Counting(), Counting()
    busy.gate.clear()
    async with ComputeServer(tmp_path / "compute_1.sock", busy) as first:
        asked = asyncio.create_task(ComputeClient(tmp_path).run("long", "{}"))
        async with asyncio.timeout(60):
            while not first.is_working:
                await asyncio.sleep(0)
        async with ComputeServer(tmp_path / "compute_2.sock", free):
            assert await ComputeClient(tmp_path).run("short", "{}") == "short({})"
        assert free.n == 1
        busy.gate.set()
        await asked


async def test_a_job_waits_for_a_worker_and_survives_one_that_dies(tmp_path):
    died = asyncio.Event()

    async def die(reader, writer):
        writer.write(len(b'{"queue": 0}').to_bytes(4, "big") + b'{"queue": 0}')
        await reader.readexactly(4)
        died.set()
        writer.close()

    asked = asyncio.create_task(ComputeClient(tmp_path).run("ask", "{}"))
    async with await serve_at(tmp_path / "compute_1.sock", die):
        async with asyncio.timeout(60):
            await died.wait()
    async with ComputeServer(tmp_path / "compute_1.sock", Counting()):
        assert await asked == "ask({})"


async def test_a_job_that_kills_its_workers_is_given_up(tmp_path):
    async def die(reader, writer):
        writer.write(len(b'{"queue": 0}').to_bytes(4, "big") + b'{"queue": 0}')
        await reader.readexactly(4)
        writer.close()

    async with await serve_at(tmp_path / "compute_1.sock", die):
        with pytest.raises(ComputeError, match=f"{MAX_DEATHS} workers died"):
            await ComputeClient(tmp_path).run("ask", "{}")


@pytest.mark.parametrize(
    "noise", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x01x"]
)
async def test_noise_on_the_socket_ends_only_its_own_connection(tmp_path, noise):
    async with ComputeServer(tmp_path / "compute_1.sock", Counting()):
        reader, writer = await connect_to(tmp_path / "compute_1.sock")
        writer.write(noise)
        async with asyncio.timeout(60):
            await reader.read()
        writer.close()
        assert await ComputeClient(tmp_path).run("ask", "{}") == "ask({})"


def test_name_and_arguments_cannot_run_into_each_other():
    assert content_key("ab", "c") != content_key("a", "bc")
