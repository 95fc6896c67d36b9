import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from lab_agents.errors import GuardError
from lab_agents.guard_client import shutdown, start_guard
from lab_agents.guard_door import ask_once, find_guard
from lab_agents.processes import identity
from lab_agents.remains import recorded_children
from lab_agents.state_folder import read_json, write_json
from tests.toy_machine import BEATING, beating, guarded, guarding, toy_folder, until

N_CHILDREN = 8
"""Of the toy's machine: broker, recorder, four agents that every laboratory has, its line, a worker."""
UNBOUND = """\
import os, signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
up = int(sys.argv[sys.argv.index("--up") + 1])
print("beating", flush=True)
while True:
    try:
        os.write(up, b".")
    except BrokenPipeError:
        pass
    time.sleep(0.05)
"""
"""Beats, and outlives its guard by all that an ordinary child dies of."""


async def run_guard(*arguments):
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lab_agents.guard_process", *arguments, stdout=pipe, stderr=pipe
    )
    return (await process.communicate())[1].decode(), process.returncode


async def test_a_second_guard_is_refused_with_the_process_of_the_first(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        said, code = await run_guard("--state", str(folder.path))
        assert code == 1
        assert f"is held by process {pid}" in said


async def test_where_there_is_no_state_folder_it_says_so_without_a_trace(tmp_path):
    said, code = await run_guard("--state", str(tmp_path))
    assert code == 1
    assert "is no state folder" in said
    assert "Traceback" not in said


async def test_the_broker_keeps_its_address_from_one_guard_to_the_next(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder):
        first = await asyncio.to_thread(read_json, folder.runtime)
    assert find_guard(folder, "main") is None
    async with guarded(folder):
        second = await asyncio.to_thread(read_json, folder.runtime)
    assert second["broker"] == first["broker"]
    assert second["repeater_port"] == first["repeater_port"]
    assert second["guard"] != first["guard"]


async def test_a_termination_signal_is_an_orderly_end(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        await until(folder, lambda s: len(s["children"]) == N_CHILDREN)
        terminated = await asyncio.create_subprocess_exec("kill", "-TERM", str(pid))
        await terminated.wait()
        async with asyncio.timeout(60):
            while await asyncio.to_thread(find_guard, folder, "main") is not None:
                await asyncio.sleep(0.05)
        log = await asyncio.to_thread(folder.log("guard").read_text)
        assert "broker ended" in log
        await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder))


@pytest.mark.parametrize(
    ("machines", "words"),
    [("[main]", "declares no machine 'annex'; give --machine one of main"), ("[main, annex]", "needs `broker`")],
)
async def test_a_machine_that_cannot_be_guarded_is_refused_with_the_remedy(tmp_path, machines, words):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    lab_file = await asyncio.to_thread(folder.lab_file.read_text)
    await asyncio.to_thread(folder.replace_lab_file, f"{lab_file}machines: {machines}\n".encode())
    said, code = await run_guard("--state", str(folder.path), "--machine", "annex")
    assert code == 1
    assert words in said


async def test_clients_are_told_of_a_relay_before_the_broker_and_the_relay_where_the_broker_listens(tmp_path):
    """Whoever put it there is found again by the next guard."""
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    relay = "mqtt://127.0.0.1:1"
    await asyncio.to_thread(write_json, folder.runtime, {"relay": relay, "broker": relay})
    async with guarded(folder):
        runtime = await asyncio.to_thread(read_json, folder.runtime)
    assert (runtime["broker"], runtime["relay"]) == (relay, relay)
    assert runtime["listens"] not in ("", relay)


@pytest.mark.parametrize("child", [BEATING, UNBOUND], ids=["bound to its guard", "bound to nobody"])
async def test_a_guard_that_is_killed_while_drivers_are_frozen_leaves_none_behind(tmp_path, child):
    """The instrument itself kills the guard, with the first safe write: the drivers are frozen then, not yet killed."""
    guards, stood_by, killed = [], asyncio.Event(), asyncio.Event()

    async def serve(reader, writer):
        stood_by.set()
        while await reader.read(4096):
            # A slow disk is overtaken by the first write; killing waits for it.
            while not await asyncio.to_thread((folder.guard("main") / "latch.json").exists):
                await asyncio.sleep(0)
            os.kill(guards[-1], signal.SIGKILL)
            killed.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    folder = await asyncio.to_thread(lambda: toy_folder(tmp_path, port=server.sockets[0].getsockname()[1]))
    command = await asyncio.to_thread(guarding, folder)
    await asyncio.to_thread((tmp_path / "child.py").write_text, child)
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[3])
    async with asyncio.timeout(120):
        guards.append(await start_guard(folder, "main", command=command))
        driver = (await until(folder, lambda status: status["children"].get("line") and status))["children"]["line"]
        await beating(folder, "line")
        name = await asyncio.to_thread(identity, driver)
        recorded = folder.guard("main") / "children.json"
        while len(await asyncio.to_thread(recorded_children, recorded)) < N_CHILDREN + 1:
            await asyncio.sleep(0.02)
        await stood_by.wait()
        asking = asyncio.create_task(
            ask_once(folder, "main", {"do": "stop", "id": "s-1", "person": "a", "reason": "x"})
        )
        await killed.wait()
        with pytest.raises(GuardError, match="ended while it was asked to stop"):
            await asking
        server.close()
        assert await start_guard(folder, "main", command=command) != guards[0]
        assert await asyncio.to_thread(identity, driver) != name
        status = await until(folder, lambda status: status["latched"] and status)
        assert (status["latched"], "line" in status["children"]) == ("s-1", False)
        await shutdown(folder, "main", mode="now")
