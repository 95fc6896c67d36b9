"""Watching a laboratory from outside: when is each of its processes working again?"""

import asyncio
import time
from collections.abc import Callable

from pydantic import ValidationError

from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Message
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head
from lab_agents.messages.topics import Topics

LOOK = 0.02
"""Wall seconds between two looks: an error of this size is far below what is measured."""


class StandingWatch:
    """What heads and statuses say, each with the moment at which it was heard."""

    def __init__(self, url: str, lab: str, name: str) -> None:
        self.bus = MqttBus(url, name)
        self._topics = Topics(lab)
        self.agents: dict[str, AgentStatus] = {}
        self.agents_at: dict[str, float] = {}
        self.guards: dict[str, GuardStatus] = {}
        self.head: Head | None = None
        self.head_at = float("-inf")

    async def start(self) -> None:
        """Subscribe; the bus must be open."""
        await self.bus.subscribe(self._topics.build("head"), self._hear_head)
        await self.bus.subscribe(self._topics.build("agent_status", source="+"), self._hear_agent)
        await self.bus.subscribe(self._topics.build("guard_status", machine="+"), self._hear_guard)

    async def until(self, condition: Callable[[], bool], within: float) -> float | None:
        """Wall seconds until `condition` holds, or None if it does not within so many."""
        begun = time.monotonic()
        while not condition():
            if time.monotonic() - begun > within:
                return None
            await asyncio.sleep(LOOK)
        return time.monotonic() - begun

    def works(self, agent: str, after_epoch: int) -> bool:
        """Whether a process of `agent` younger than this epoch was born and has handled the head."""
        status = self.agents.get(agent)
        if status is None or self.head is None or not status.alive or status.epoch <= after_epoch:
            return False
        return status.position > 0 and status.position >= self.head.position - 1 and "birth" not in status.owed

    def works_since(self, agent: str, instant: float) -> bool:
        """Whether any process of `agent` has said so since an instant of the monotonic clock."""
        return self.agents_at.get(agent, float("-inf")) > instant and self.works(agent, 0)

    def all_work(self, after_epoch: int) -> bool:
        """Whether every agent does, and the log is served."""
        return bool(self.agents) and all(self.works(agent, after_epoch) for agent in self.agents)

    def pid(self, name: str) -> int | None:
        """The process id of a child, as its guard says."""
        return next((guard.children[name] for guard in self.guards.values() if name in guard.children), None)

    @property
    def largest_epoch(self) -> int:
        """The largest epoch any agent was born under."""
        return max((status.epoch for status in self.agents.values()), default=0)

    def _hear_head(self, message: Message) -> None:
        try:
            head = Head.model_validate_json(message.payload)
        except ValidationError:
            return
        if not message.retained:
            self.head, self.head_at = head, time.monotonic()

    def _hear_agent(self, message: Message) -> None:
        try:
            status = AgentStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        known = self.agents.get(status.agent)
        if known is None or status.epoch >= known.epoch:
            self.agents[status.agent] = status
            if not message.retained:
                self.agents_at[status.agent] = time.monotonic()

    def _hear_guard(self, message: Message) -> None:
        try:
            status = GuardStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        self.guards[status.machine] = status
