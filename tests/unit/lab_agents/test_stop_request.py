import asyncio
import os
import signal
from contextlib import asynccontextmanager

import pytest

from lab_agents.bus.mqtt import MqttBus
from lab_agents.children import Household
from lab_agents.control import ControlServer
from lab_agents.guard_client import rearm, start_guard
from lab_agents.guard_door import find_guard, guard_status
from lab_agents.messages.topics import Topics
from lab_agents.processes import identity
from lab_agents.records.laboratory import GuardAddress
from lab_agents.settings import DEFAULT
from lab_agents.state_folder import read_json
from lab_agents.stop_request import Stop
from simulators.lab import SimulatedLab
from tests.simulated_world import TABLE, laboratory
from tests.toy_machine import QUICK, beating, guarded, guarding, toy_folder, toy_household, until
from tests.unattended import NeverAtRest, say_nothing, stop_request


async def household_of(folder, settings=QUICK):
    return await asyncio.to_thread(lambda: toy_household(folder, settings=settings))


@asynccontextmanager
async def real_coater(tmp_path):
    """A simulated laboratory's coater behind its real protocol, and the port it listens on."""
    async with SimulatedLab(laboratory(), TABLE, tmp_path / "world", NeverAtRest(), say_nothing) as lab:
        address = lab.addresses["coater_a"]
        yield int(address.split("?")[0].rpartition(":")[2]), lab


@pytest.fixture
async def folder(tmp_path):
    async with real_coater(tmp_path) as (port, _):
        yield await asyncio.to_thread(lambda: toy_folder(tmp_path, port=port))


async def test_a_stop_kills_the_agent_confirms_the_safe_state_and_holds_until_rearmed(folder):
    household = await household_of(folder, DEFAULT)
    async with guarded(folder):
        line = await until(folder, lambda s: s["children"].get("line"))
        answer = await Stop(household, stop_request()).everywhere(within=60)
        assert answer.unanswered == ()
        assert answer.instruments["coater"].state == "safe at"
        assert identity(line) is None
        assert await until(folder, lambda s: s["latched"] == "stop-1" and "line" not in s["children"])
        status = await rearm(folder, "main", stop="stop-1", person="ada", reason="it was the toaster")
        assert status.latched is None
        assert await until(folder, lambda s: s["children"].get("line"))
        again = await Stop(household, stop_request()).everywhere(within=60)
        assert again.unanswered == ()
        assert (await guard_status(folder, "main"))["status"]["latched"] is None, "a lifted stop never stops again"


async def test_a_frozen_agent_is_dead_before_it_can_wake_up(folder):
    async with guarded(folder):
        line = await until(folder, lambda s: s["children"].get("line"))
        await beating(folder, "line")
        os.kill(line, signal.SIGSTOP)
        await Stop(await household_of(folder, DEFAULT), stop_request()).everywhere(within=60)
        assert identity(line) is None


async def test_with_a_dead_guard_whoever_asks_does_the_same_and_the_next_guard_starts_latched(folder):
    household = await household_of(folder)
    async with guarded(folder) as pid:
        await until(folder, lambda s: s["children"].get("line"))
        os.kill(pid, signal.SIGKILL)
        answer = await Stop(household, stop_request()).everywhere(within=60)
        assert answer.instruments["coater"].state == "safe at"
        assert find_guard(folder, "main") is None
        assert (await asyncio.to_thread(read_json, folder.guard("main") / "latch.json"))["stops"][0]["id"] == "stop-1"
        await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder))
        confirmed = await until(folder, lambda s: s["instruments"]["coater"]["state"] == "safe at" and s)
        assert confirmed["latched"] == "stop-1"
        assert "line" not in confirmed["children"]


async def test_a_frozen_guard_is_replaced_by_whoever_asks(folder):
    async with guarded(folder) as pid:
        await until(folder, lambda s: s["children"].get("line"))
        os.kill(pid, signal.SIGSTOP)
        answer = await Stop(await household_of(folder), stop_request()).everywhere(within=60)
        assert answer.instruments["coater"].state == "safe at"
        assert identity(pid) is None
        await start_guard(folder, "main", command=await asyncio.to_thread(guarding, folder))


async def test_a_stop_on_the_topic_alone_stops_the_machine(folder):
    async with guarded(folder):
        url = (await asyncio.to_thread(read_json, folder.runtime))["broker"]
        async with MqttBus(url, "somebody") as bus:
            await bus.wait_connected()
            assert await bus.publish(
                Topics("toy").build("stop"), stop_request().model_dump_json().encode(), retain=True
            )
            assert await until(folder, lambda s: s["latched"] == "stop-1")
            await rearm(folder, "main", stop="stop-1", person="ada", reason="looked")
            cleared = asyncio.Event()
            await bus.subscribe(Topics("toy").build("stop"), lambda m: cleared.set() if not m.payload else None)
        assert (await guard_status(folder, "main"))["status"]["latched"] is None


async def test_with_the_broker_dead_the_stop_takes_another_way(folder):
    async with guarded(folder):
        broker = await until(folder, lambda s: s["children"].get("broker"))
        os.kill(broker, signal.SIGKILL)
        answer = await Stop(
            await household_of(folder), stop_request(), (await asyncio.to_thread(read_json, folder.runtime))["broker"]
        ).everywhere(within=60)
        assert answer.instruments["coater"].state == "safe at"


async def test_a_machine_that_is_silent_is_named(tmp_path):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    household = await household_of(folder)
    both = household.laboratory.model_copy(update={"machines": ("main", "annex")})
    stop = Stop(Household(both, "main", folder, household.program, None, 5065, household.settings), stop_request())
    answer = await stop.everywhere(within=5)
    assert answer.unanswered == ("annex",)
    assert answer.instruments["coater"].state == "unreachable"


@pytest.mark.parametrize("n_instruments", [1, 400])
async def test_a_guard_on_another_machine_is_asked_with_its_key(tmp_path, unused_tcp_port, n_instruments):
    folder = await asyncio.to_thread(toy_folder, tmp_path)
    household = await household_of(folder)
    address = GuardAddress(host="127.0.0.1", port=unused_tcp_port)
    changes = {"machines": ("main", "annex"), "guards": {"annex": address}, "credentials": str(tmp_path)}
    two = household.laboratory.model_copy(update=changes)
    secret = tmp_path / "guard_annex.secret"
    await asyncio.to_thread(secret.write_text, "correct horse battery\n")
    await asyncio.to_thread(secret.chmod, 0o600)
    asked = []

    async def answer(line):
        asked.append(line)
        yield {"latched": line["id"]}
        confirmed = {"state": "safe at", "at": None, "detail": "not at the first try: " + "it did not answer " * 20}
        yield {"ok": True, "status": {"instruments": {f"oven_{n}": confirmed for n in range(n_instruments)}}}

    async with ControlServer(tmp_path / "annex.sock", answer, address, "correct horse battery"):
        stop = Stop(Household(two, "main", folder, household.program, None, 5065, household.settings), stop_request())
        found = await stop.everywhere(within=30)
    assert asked[0]["reason"] == "smoke"
    assert found.unanswered == ()
    assert all(found.instruments[f"oven_{n}"].state == "safe at" for n in range(n_instruments))
