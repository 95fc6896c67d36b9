"""Hearing once how the processes of a running laboratory stand, from what its broker keeps."""

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

from pydantic import ValidationError

from lab_agents.bus.mqtt import Access, MqttBus
from lab_agents.bus.protocol import Bus, Message
from lab_agents.messages.frames import AgentStatus, Head
from lab_agents.messages.topics import Topics

PATIENCE = 2.0
"""Wall seconds: four beats, so that whoever lives has said so."""


@dataclass
class Heard:
    """The newest status of each agent that lives, and the recorder's head."""

    agents: dict[str, AgentStatus] = field(default_factory=dict)
    head: Head | None = None


async def hear_laboratory(
    url: str, topics: Topics, agents: Collection[str], within: float = PATIENCE, access: Access | None = None
) -> Heard:
    """Listen at the broker until every agent was heard, or for `within` wall seconds.

    Args:
        url: Where the broker listens.
        topics: The laboratory's topics.
        agents: Names of the declared agents.
        within: How long to wait for those that say nothing.
        access: Who asks, for a broker that wants to know.
    """
    heard = Heard()
    try:
        async with asyncio.timeout(within), MqttBus(url, f"once-{uuid.uuid4().hex}", access=access) as bus:
            await listen(bus, topics, agents, heard)
    except TimeoutError:
        pass  # what was heard is what there is
    return heard


async def listen(bus: Bus, topics: Topics, agents: Collection[str], heard: Heard) -> None:
    """Take statuses and heads from a bus until all are there; what is none is passed over."""
    is_whole = asyncio.Event()

    def take(message: Message) -> None:
        try:
            _take(heard, message, topics)
        except ValidationError:
            return
        if heard.head is not None and heard.agents.keys() >= set(agents):
            is_whole.set()

    await bus.subscribe(topics.build("head"), take)
    await bus.subscribe(topics.build("agent_status", source="+"), take)
    await is_whole.wait()


def _take(heard: Heard, message: Message, topics: Topics) -> None:
    if message.topic == topics.build("head"):
        heard.head = Head.model_validate_json(message.payload)
        return
    status = AgentStatus.model_validate_json(message.payload)
    known = heard.agents.get(status.agent)
    if status.alive and (known is None or status.epoch >= known.epoch):
        heard.agents[status.agent] = status
