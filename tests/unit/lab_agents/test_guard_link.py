import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.guard_link import MAX_STATUS, GuardLink
from lab_agents.messages.frames import AgentStatus, GuardStatus, Permit, Rearm
from lab_agents.messages.topics import Topics
from lab_agents.records.motion import Motion
from tests.toy_machine import reached, toy_folder, toy_household, watched
from tests.unattended import stop_request

TOPICS = Topics("toy")
STOP, STATUS = TOPICS.build("stop"), TOPICS.build("guard_status", machine="main")


@asynccontextmanager
async def linked(household):
    carrier = MemoryCarrier()
    async with watched(household) as guard, MemoryBus(carrier, "guard") as bus, MemoryBus(carrier, "ada") as person:
        link = GuardLink(guard, bus)
        running = asyncio.create_task(link.run())
        assert await reached(lambda: STATUS in carrier.retained)
        yield guard, link, person, carrier
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
def household(tmp_path):
    return toy_household(toy_folder(tmp_path))


async def test_a_guards_status_stands_on_its_topic_and_follows_every_change(household):
    async with linked(household) as (guard, link, _, carrier):
        assert GuardStatus.model_validate_json(carrier.retained[STATUS]).epoch == guard.epoch
        guard.draining = "waiting for line_a"
        guard.note()
        assert await reached(lambda: b"waiting for line_a" in carrier.retained[STATUS])
        await link.say_goodbye()
        assert await reached(lambda: not GuardStatus.model_validate_json(carrier.retained[STATUS]).alive)


async def test_a_stop_on_the_topic_latches_and_a_lifted_one_is_cleared_and_ignored(household):
    async with linked(household) as (guard, link, person, carrier):
        payload = stop_request().model_dump_json().encode()
        await person.publish(STOP, payload, retain=True)
        assert await reached(lambda: guard.status().latched == "stop-1")
        await guard.stopping.rearm(Rearm(stop="stop-1", person="ada", reason="looked", at=datetime.now(UTC)))
        link.clear_stop()
        assert await reached(lambda: STOP not in carrier.retained)
        await person.publish(STOP, payload, retain=True)
        assert await reached(lambda: STOP not in carrier.retained)
        assert guard.status().latched is None
        assert [r.stop for r in guard.status().rearms] == ["stop-1"]


async def test_the_permit_is_heard(household):
    async with linked(household) as (guard, _, person, _carrier):
        await person.publish(TOPICS.build("permit"), Permit(number=1).model_dump_json().encode(), qos=0)
        assert await reached(lambda: guard.permit.is_granted(time.monotonic()))


@pytest.mark.parametrize("noise", [b"\xff", b"{}", b'{"id": 3}', b"[" * 50_000])
async def test_a_stop_that_cannot_be_read_is_a_stop(household, noise):
    async with linked(household) as (guard, _, person, _carrier):
        await person.publish(STOP, b"")
        await person.publish(STOP, noise)
        assert await reached(lambda: guard.status().latched)
        (stop,) = guard.status().stops
        assert stop.id.startswith("unreadable-stop-")
        assert repr(noise[:10])[2:-1] in stop.reason


async def test_noise_without_end_is_one_stop_and_lifted_it_stops_nothing_more(household):
    async with linked(household) as (guard, link, person, carrier):
        await person.publish(STOP, b"noise", retain=True)
        assert await reached(lambda: guard.status().latched)
        for number in range(100):
            await person.publish(STOP, b"noise %d" % number)
        await person.publish(STOP, stop_request("real").model_dump_json().encode())
        assert await reached(lambda: len(guard.status().stops) == 2)
        unread, real = guard.status().stops
        assert real.id == "real"
        for stop in (unread, real):
            await guard.stopping.rearm(Rearm(stop=stop.id, person="ada", reason="looked", at=datetime.now(UTC)))
        link.clear_stop()
        assert await reached(lambda: STOP not in carrier.retained)
        await person.publish(STOP, b"noise", retain=True)
        assert await reached(lambda: STOP not in carrier.retained)
        assert guard.status().latched is None


async def test_statuses_of_nobody_and_of_any_size_are_not_kept(household):
    async with linked(household) as (_, link, person, _carrier):
        motion = Motion(instrument="coater_a", token="0" * 16, plan="coat")
        status = AgentStatus(agent="line", epoch=1, motions=(motion,)).model_dump_json().encode()
        await person.publish(TOPICS.build("agent_status", source="nobody"), status)
        await person.publish(TOPICS.build("agent_status", source="line"), status)
        await person.publish(TOPICS.build("agent_status", source="line"), b" " * MAX_STATUS + status)
        assert await reached(lambda: dict(link.running) == {"line": "coater_a: coat"})


async def test_what_agents_move_is_told_to_people(household):
    async with linked(household) as (_, link, person, _carrier):
        until = datetime(2026, 1, 1, 12, tzinfo=UTC)
        motion = Motion(instrument="coater_a", token="0" * 16, plan="coat", until=until)
        status = AgentStatus(agent="line", epoch=1, motions=(motion,))
        await person.publish(TOPICS.build("agent_status", source="line"), status.model_dump_json().encode())
        await person.publish(TOPICS.build("agent_status", source="planning"), b"noise")
        assert await reached(lambda: dict(link.running) == {"line": "coater_a: coat until 2026-01-01 12:00:00"})
