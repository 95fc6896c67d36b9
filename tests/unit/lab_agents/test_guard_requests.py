import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from instruments.errors import TransportError
from lab_agents.bus.broker import choose_port
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.control import ControlServer
from lab_agents.errors import GuardError
from lab_agents.guard_door import ask_once
from lab_agents.guard_link import GuardLink
from lab_agents.guard_requests import GuardRequests
from lab_agents.messages.frames import GuardStatus
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import GuardAddress
from lab_agents.stop_request import ask_at
from tests.toy_machine import plan, reached, toy_folder, toy_household, watched, wide_folder
from tests.unattended import stop_request

KEY = "correct horse battery"

WORKING = """\
import asyncio, sys
from pathlib import Path
from lab_agents.beat import Beat
from lab_agents.settings import Settings
async def main():
    pipes = [int(sys.argv[sys.argv.index(name) + 1]) for name in ("--up", "--down")]
    done = Path({done!r})
    async with Beat(*pipes, settings=Settings(beat=0.05), is_working=lambda: not done.exists()):
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def household(tmp_path):
    return toy_household(toy_folder(tmp_path))


N_WIDE = 400


class Complaining:
    """A line to an instrument that fails at length."""

    async def connect(self):
        raise TransportError("the valve is stuck; " * 500)

    async def write(self, signal, value):
        await self.connect()

    async def read(self, signal):
        await self.connect()

    async def close(self):
        pass


async def test_four_hundred_instruments_with_long_troubles_are_told_at_the_door_and_on_the_bus(tmp_path):
    """Whoever asked for a stop is told what became of each, and the bus carries the status."""
    household = await asyncio.to_thread(lambda: toy_household(wide_folder(tmp_path, N_WIDE)))
    carrier = MemoryCarrier()
    async with watched(household, dial=lambda *_: Complaining()) as guard, MemoryBus(carrier, "guard") as bus:
        link = GuardLink(guard, bus)
        path = household.folder.guard("main") / "guard.sock"
        address = GuardAddress(host="127.0.0.1", port=choose_port())
        async with ControlServer(path, GuardRequests(guard, link).answer, address, KEY):
            running = asyncio.create_task(link.run())
            reason = "smoke " * 10_000
            ask = {"do": "stop", **stop_request().model_copy(update={"reason": reason}).model_dump(mode="json")}
            for answer in (
                await ask_once(household.folder, "main", ask),
                [x async for x in ask_at(address, KEY, ask)][-1],
            ):
                told = GuardStatus.model_validate_json(json.dumps(answer["status"]))
                assert len(told.instruments) == N_WIDE
                assert {state.state for state in told.instruments.values()} == {"unreachable"}
                assert all(state.detail.startswith("the valve is stuck; the") for state in told.instruments.values())
                assert told.stops[0].reason.startswith("smoke smoke")
            topic = Topics("toy").build("guard_status", machine="main")
            assert await reached(lambda: b"the valve is stuck" in carrier.retained.get(topic, b""))
            assert not running.done()
            assert len(GuardStatus.model_validate_json(carrier.retained[topic]).instruments) == N_WIDE
            running.cancel()
            await asyncio.wait({running})


@asynccontextmanager
async def asked(household, *plans, **others):
    async with watched(household, *plans, **others) as guard, MemoryBus(MemoryCarrier(), "guard") as bus:
        assert await reached(lambda: all(child.is_up for child in guard.children.values()))
        yield guard, GuardRequests(guard, GuardLink(guard, bus))


async def last(answers):
    return [line async for line in answers][-1]


class Silent(Complaining):
    """A line to an instrument that never answers."""

    async def connect(self):
        await asyncio.Event().wait()


async def test_who_asked_for_a_stop_that_is_lifted_before_it_is_safe_is_answered(household, monkeypatch):
    """Nobody waits any more for what it was to bring."""
    # Long, so that the stop still waits for the instrument when it is lifted.
    monkeypatch.setattr("lab_agents.safe_states.TRIES", 10**6)
    line = plan(household.folder, "line", instruments=("coater",))
    async with asked(household, line, dial=lambda *_: Silent()) as (guard, requests):
        stopping = asyncio.create_task(last(requests.answer({"do": "stop", **stop_request().model_dump(mode="json")})))
        assert await reached(lambda: guard.stopping.latch.is_set and guard.stopping.is_recorded)
        await last(requests.answer({"do": "rearm", "stop": "stop-1", "person": "ada", "reason": "looked"}))
        answer = await stopping
        assert (answer["ok"], answer["status"]["stops"]) == (True, [])


async def test_an_end_waits_for_what_cannot_be_interrupted_and_says_for_whom(household, tmp_path):
    done = tmp_path / "done"
    line = plan(household.folder, "line", WORKING.format(done=str(done)), instruments=("coater",))
    async with asked(household, line, plan(household.folder, "planning")) as (guard, requests):
        answers = requests.answer({"do": "shutdown", "mode": "drain"})
        said = []
        async for answer in answers:
            said.append(answer)
            if answer.get("draining") == "waiting for line":
                assert guard.children["planning"].pid is not None
                await asyncio.to_thread(done.touch)
        assert {"draining": "waiting for line"} in said
        assert said[-1] == {"ok": True, "ended": True}
        assert guard.status().children == {}


async def test_an_end_can_be_called_off_and_the_laboratory_goes_on(household, tmp_path):
    line = plan(household.folder, "line", WORKING.format(done=str(tmp_path / "never")), instruments=("coater",))
    async with asked(household, line) as (guard, requests):
        ending = asyncio.create_task(last(requests.answer({"do": "shutdown"})))
        assert await reached(lambda: guard.status().draining == "waiting for line")
        pid = guard.children["line"].pid
        assert (await last(requests.answer({"do": "detach"})))["ok"]
        assert (await ending)["error"] == "The end was called off; the laboratory goes on."
        assert guard.status().draining is None
        assert guard.children["line"].pid == pid


async def test_an_end_at_once_hurries_one_that_waits(household, tmp_path):
    line = plan(household.folder, "line", WORKING.format(done=str(tmp_path / "never")), instruments=("coater",))
    async with asked(household, line) as (guard, requests):
        waiting = asyncio.create_task(last(requests.answer({"do": "shutdown"})))
        assert await reached(lambda: guard.status().draining == "waiting for line")
        assert await last(requests.answer({"do": "shutdown", "mode": "now"})) == {"ok": True, "ended": True}
        assert (await waiting)["ok"]


async def test_who_watches_hears_beats_and_the_end(household):
    async with asked(household, plan(household.folder, "line")) as (guard, requests):
        beats = requests.answer({"do": "watch"})
        assert (await anext(beats))["beat"] == 1
        assert (await anext(beats))["epoch"] == guard.epoch
        guard.is_ending = True
        assert await last(beats) == {"ok": True, "ended": True}


async def test_status_names_roles_and_processes(household):
    async with asked(household, plan(household.folder, "line")) as (guard, requests):
        answer = await last(requests.answer({"do": "status"}))
        assert answer["roles"] == {"line": "synthesis"}
        assert answer["status"]["children"] == {"line": guard.children["line"].pid}


async def test_a_guard_is_attended_while_somebody_watches(household, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    async with asked(household) as (_, requests):
        assert not (await last(requests.answer({"do": "status"})))["attended"]
        beats = requests.answer({"do": "watch"})
        await anext(beats)
        assert (await last(requests.answer({"do": "status"})))["attended"]
        await beats.aclose()
        assert not (await last(requests.answer({"do": "status"})))["attended"]


@pytest.mark.parametrize("request_", [{"do": "dance"}, {}])
async def test_what_a_guard_does_not_know_is_refused_with_what_it_knows(household, request_):
    async with asked(household) as (_, requests):
        with pytest.raises(GuardError, match="it knows status, watch, stop"):
            requests.answer(request_)


async def test_a_shutdown_of_no_known_mode_is_refused(household):
    async with asked(household) as (_, requests):
        with pytest.raises(GuardError, match="'drain' or 'now', not 'later'"):
            await last(requests.answer({"do": "shutdown", "mode": "later"}))


@pytest.mark.parametrize("do", ["rearm", "hold", "release"])
@pytest.mark.parametrize("wrong", [{}, {"stop": 1, "child": []}, {"stop": "s", "child": "line", "person": None}])
async def test_a_request_that_lacks_a_field_is_refused_by_its_name(household, do, wrong):
    async with asked(household) as (_, requests):
        with pytest.raises(GuardError, match=r"needs '(stop|person|child)' as text|no child"):
            await last(requests.answer({"do": do, **wrong}))


async def test_a_stop_that_lacks_its_fields_stops(household):
    async with asked(household) as (guard, requests):
        answers = requests.answer({"do": "stop", "reason": "smoke"})
        assert (await anext(answers))["heard"].startswith("unreadable-stop-")
        assert "smoke" in guard.status().stops[0].reason
        await answers.aclose()
