import asyncio
import signal

import pytest

from lab_agents.ending import cancel_drain, drain, end_children
from lab_agents.processes import identity
from tests.toy_machine import plan, reached, toy_folder, toy_household, watched

STUBBORN = """\
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def household(tmp_path):
    return toy_household(toy_folder(tmp_path))


async def test_who_acts_ends_before_who_writes_down_and_who_carries(household, caplog):
    folder = household.folder
    plans = (
        plan(folder, "broker", role="broker"),
        plan(folder, "recorder", role="recorder"),
        plan(folder, "planning", role="planning"),
        plan(folder, "line", instruments=("coater",)),
    )
    async with watched(household, *plans) as guard:
        assert await reached(lambda: all(child.is_up for child in guard.children.values()))
        await end_children(guard)
        assert guard.status().children == {}
    ends = [record.args[0] for record in caplog.records if record.msg == "%s ended: %s"]
    assert ends == ["line", "planning", "recorder", "broker"]


async def test_who_does_not_end_when_asked_is_killed(household):
    stubborn = plan(household.folder, "planning", STUBBORN, role="planning", beats=False)
    async with watched(household, stubborn) as guard:
        assert await reached(lambda: guard.children["planning"].pid)
        pid = guard.children["planning"].pid
        async with asyncio.timeout(30):
            while "ready" not in await asyncio.to_thread(household.folder.log("planning").read_text):
                await asyncio.sleep(0.01)
        await end_children(guard)
        assert identity(pid) is None


async def test_a_dead_agent_delays_no_end_and_is_not_started_again(household):
    async with watched(household, plan(household.folder, "line", instruments=("coater",))) as guard:
        child = guard.children["line"]
        assert await reached(lambda: child.is_up)
        child.send(signal.SIGSTOP)
        draining = asyncio.create_task(drain(guard, dict))
        assert await reached(lambda: guard.status().draining == "waiting for line")
        child.send(signal.SIGKILL)
        await draining
        assert child.pid is None
        cancel_drain(guard)
        assert await reached(lambda: child.is_up), "called off, the laboratory goes on"
