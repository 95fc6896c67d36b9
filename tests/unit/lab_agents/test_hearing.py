"""Hearing once how a laboratory stands."""

import asyncio

from lab_agents.bus.broker import choose_port
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.hearing import Heard, hear_laboratory, listen
from lab_agents.messages.frames import AgentStatus, Head, Record
from lab_agents.messages.topics import Topics

TOPICS = Topics("small")
HEAD = Head(log="l", position=7, chain="0" * 64, recorder=1)


async def kept(*statuses: AgentStatus) -> MemoryCarrier:
    """A carrier that keeps a head, statuses and some nonsense."""
    carrier = MemoryCarrier()
    bus = MemoryBus(carrier, "recorder")
    carrier.join(bus)

    async def say(topic: str, record: Record) -> None:
        await bus.publish(topic, record.model_dump_json().encode(), retain=True)

    await bus.publish(TOPICS.build("agent_status", source="stranger"), b"nonsense", retain=True)
    for status in statuses:
        await say(TOPICS.build("agent_status", source=status.agent), status)
    await say(TOPICS.build("head"), HEAD)
    return carrier


async def test_listening_ends_when_everybody_was_heard() -> None:
    carrier = await kept(
        AgentStatus(agent="line", epoch=1, waits={"work": "no place"}), AgentStatus(agent="b", epoch=1)
    )
    listener, heard = MemoryBus(carrier, "once-1"), Heard()
    carrier.join(listener)
    async with asyncio.timeout(60):
        await listen(listener, TOPICS, ("line", "b"), heard)
    assert heard.head == HEAD
    assert heard.agents["line"].waits == {"work": "no place"}


async def test_a_last_will_is_no_life_sign() -> None:
    carrier = await kept(AgentStatus(agent="line", epoch=1, alive=False), AgentStatus(agent="b", epoch=1))
    listener, heard = MemoryBus(carrier, "once-1"), Heard()
    carrier.join(listener)
    listening = asyncio.create_task(listen(listener, TOPICS, ("line", "b"), heard))
    async with asyncio.timeout(60):
        while "b" not in heard.agents or heard.head is None:
            await asyncio.sleep(0)
    assert not listening.done()
    assert set(heard.agents) == {"b"}
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_where_no_broker_listens_nothing_is_heard() -> None:
    heard = await hear_laboratory(f"mqtt://127.0.0.1:{choose_port()}", TOPICS, ("line",), within=0.1)
    assert heard == Heard()
