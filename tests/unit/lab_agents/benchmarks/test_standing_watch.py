"""A process works again once a younger one was born and has handled the head, and not before."""

import asyncio
import time

import pytest

from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head
from lab_agents.messages.topics import Topics

TOPICS = Topics("small")


@pytest.fixture
async def watch():
    """A watch on a bus in memory, having heard of one agent at the head."""
    watch = StandingWatch("mqtt://127.0.0.1:1", "small", "watch")
    watch.bus = MemoryBus(MemoryCarrier(), "watch")
    async with watch.bus:
        await watch.start()
        await tell(watch, "head", head(7))
        await tell(watch, "agent_status", status("line"), source="line")
        yield watch


def head(position: int) -> Head:
    """The recorder's word."""
    return Head(log="L", position=position, chain="0" * 64, recorder=1)


def status(agent: str, **fields: object) -> AgentStatus:
    """At the head, born under epoch 3."""
    return AgentStatus.model_validate({"agent": agent, "epoch": 3, "log": "L", "position": 7, **fields})


async def tell(watch: StandingWatch, topic: str, record: object, *, retain: bool = False, **parts: str) -> None:
    """Something is published, and heard."""
    data = record if isinstance(record, bytes) else record.model_dump_json().encode()
    await watch.bus.publish(TOPICS.build(topic, **parts), data, retain=retain)
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_younger_process_at_the_head_works(watch: StandingWatch) -> None:
    """The struck one, or none at all, does not."""
    assert watch.works("line", 2)
    assert not watch.works("line", 3)
    assert not watch.works("robot", 0)
    assert watch.all_work(2)
    assert watch.largest_epoch == 3


@pytest.mark.parametrize("fields", [{"alive": False}, {"position": 3}, {"position": 0}, {"owed": ("birth",)}])
async def test_a_process_that_is_dead_behind_or_unborn_does_not_work(
    watch: StandingWatch, fields: dict[str, object]
) -> None:
    """However young it is."""
    await tell(watch, "agent_status", status("line", epoch=4, **fields), source="line")
    assert not watch.works("line", 3)
    assert not watch.all_work(3)


async def test_a_late_will_of_the_struck_process_is_not_its_successor_s(watch: StandingWatch) -> None:
    """Statuses of older epochs are passed over."""
    await tell(watch, "agent_status", status("line", epoch=4), source="line")
    await tell(watch, "agent_status", status("line", alive=False), source="line")
    assert watch.works("line", 3)


async def test_a_child_s_process_is_the_one_its_guard_names(watch: StandingWatch) -> None:
    """None where no guard knows it."""
    await tell(
        watch, "guard_status", GuardStatus(machine="main", epoch=1, pid=1, children={"line": 42}), machine="main"
    )
    assert (watch.pid("line"), watch.pid("robot")) == (42, None)


async def test_garbage_is_passed_over(watch: StandingWatch) -> None:
    """The benchmark measures on."""
    await tell(watch, "head", b"{nonsense")
    await tell(watch, "agent_status", b"{nonsense", source="line")
    await tell(watch, "guard_status", b"{nonsense", machine="main")
    assert watch.head == head(7)
    assert watch.works("line", 2)


async def test_waiting_ends_with_the_condition_or_with_the_patience(watch: StandingWatch) -> None:
    """Seconds until it holds, or nothing."""
    took = await watch.until(lambda: True, 1.0)
    assert took is not None
    assert took < 1.0
    assert await watch.until(lambda: False, 0.05) is None


async def test_a_process_that_goes_on_has_said_so_since(watch: StandingWatch) -> None:
    """What the broker had kept from before says nothing."""
    instant = time.monotonic()
    assert watch.works("line", 2)
    assert not watch.works_since("line", instant)
    assert not watch.works_since("robot", 0.0)
    await tell(watch, "agent_status", status("line"), source="line")
    assert watch.works_since("line", instant)
