import asyncio
import os
import signal
from contextlib import ExitStack, suppress

import pytest

from lab_agents.errors import GuardError
from lab_agents.guard_client import detach, hold, rearm, release, shutdown, start_guard, watch_guard
from lab_agents.guard_door import find_guard, guard_status
from lab_agents.processes import identity
from lab_agents.state_folder import locked
from tests.toy_machine import another, beating, guarded, guarding, toy_folder, until


async def is_gone(pid: int) -> bool:
    while await asyncio.to_thread(identity, pid) is not None:
        await asyncio.sleep(0.02)
    return True


async def test_a_started_guard_answers_and_has_all_its_children(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        names = {"broker", "recorder", "line", "planning", "analysis", "training", "supervision", "compute_1"}
        assert await until(folder, lambda s: set(s["children"]) == names)
        assert find_guard(folder, "main") == pid
        assert await start_guard(folder, "main") == pid, "a second start finds the first"
    assert find_guard(folder, "main") is None


async def test_a_guard_waits_until_a_stop_that_holds_its_place_has_ended(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    stop = ExitStack()
    await asyncio.to_thread(stop.enter_context, locked(folder.guard("main") / "lock"))
    command = await asyncio.to_thread(guarding, folder)
    starting = asyncio.create_task(start_guard(folder, "main", command=command))
    # Longer than a guard tries to get its lock.
    await asyncio.wait({starting}, timeout=1.5)
    assert not starting.done()
    await asyncio.to_thread(stop.close)
    assert find_guard(folder, "main") in (None, await starting)
    await shutdown(folder, "main", mode="now")


async def test_a_killed_child_is_started_again_with_a_greater_epoch(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder):
        pid = await until(folder, lambda s: s["children"].get("line"))
        os.kill(pid, signal.SIGKILL)
        assert await until(folder, another("line", pid))


async def test_a_frozen_child_is_killed_and_started_again(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder):
        pid = await until(folder, lambda s: s["children"].get("line"))
        await beating(folder, "line")
        os.kill(pid, signal.SIGSTOP)
        assert await until(folder, another("line", pid))
        assert await is_gone(pid)


async def test_children_die_with_a_killed_guard_and_the_next_one_starts_them_anew(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        before = await until(folder, lambda s: len(s["children"]) == 8 and s["children"])
        os.kill(pid, signal.SIGKILL)
        for child in before.values():
            assert await is_gone(child)
        assert await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder)) != pid
        after = await until(folder, lambda s: len(s["children"]) == 8 and s["children"])
        assert not set(before.values()) & set(after.values())


async def test_a_frozen_guard_is_killed_and_replaced_by_whoever_watches(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        command = await asyncio.to_thread(guarding, folder)
        watching = asyncio.create_task(watch_guard(folder, "main", command=command))
        os.kill(pid, signal.SIGSTOP)
        assert await is_gone(pid)

        async def replaced() -> int:
            while True:
                with suppress(GuardError):
                    return (await guard_status(folder, "main"))["status"]["pid"]
                await asyncio.sleep(0.05)

        assert await replaced() != pid
        await shutdown(folder, "main", mode="now")
        await watching
        await start_guard(folder, "main", command=command)


async def test_a_held_child_stays_away_until_it_is_released(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder):
        await until(folder, lambda s: s["children"].get("line"))
        await hold(folder, "main", child="line", person="ada", reason="new nozzle")
        assert await until(folder, lambda s: "line" not in s["children"] and "new nozzle" in s["held"]["line"])
        await release(folder, "main", child="line")
        assert await until(folder, lambda s: s["children"].get("line") and not s["held"])
        with pytest.raises(GuardError, match="no child 'lin' on machine main; there are"):
            await hold(folder, "main", child="lin", person="ada", reason="new nozzle")


async def test_an_orderly_end_that_nobody_delays_leaves_no_process(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    said = []
    async with guarded(folder) as pid:
        children = await until(folder, lambda s: len(s["children"]) == 8 and s["children"])
        await shutdown(folder, "main", report=said.append)
        for process in (pid, *children.values()):
            assert await is_gone(process)
        assert said[-1] == {"draining": "nothing moves any more"}
        await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder))


async def test_detaching_without_an_end_under_way_changes_nothing(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder) as pid:
        await detach(folder, "main")
        assert find_guard(folder, "main") == pid


async def test_rearming_what_is_not_in_force_is_refused(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    async with guarded(folder):
        with pytest.raises(GuardError, match="'stop-1' is not in force; in force: none"):
            await rearm(folder, "main", stop="stop-1", person="ada", reason="looked")


async def test_a_guard_that_cannot_start_says_why(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    await asyncio.to_thread(folder.lab_file.write_text, "name: toy\nagents: 3\n")
    with pytest.raises(GuardError, match=r"(?s)did not start.*agents"):
        await start_guard(folder, "main")
