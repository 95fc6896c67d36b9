"""Supervision's ears and its permit: who is silent, what guards report, and the word that motions may start."""

import asyncio
from collections.abc import Sequence

from pydantic import ValidationError

from lab_agents.agents.agent import Agent
from lab_agents.agents.deaf_channels import DeafChannels
from lab_agents.agents.senses import (
    Sense,
    sense_behind,
    sense_dead_letters,
    sense_deaf,
    sense_guard,
    sense_silence,
    sense_status,
    sense_unread,
)
from lab_agents.agents.supervision_state import SupervisionState
from lab_agents.agents.unread import Unread
from lab_agents.blobs import Blobs
from lab_agents.bus.protocol import Bus, Message
from lab_agents.messages.frames import AgentStatus, GuardStatus, Permit
from lab_agents.messages.topics import Topics
from lab_agents.wall_clock import wall_now


class Watching:
    """Hears every agent and guard, gives supervision its senses, and repeats the permit every beat."""

    def __init__(
        self,
        agent: Agent[SupervisionState],
        bus: Bus,
        topics: Topics,
        blobs: Blobs,
        channels: DeafChannels | None = None,
    ) -> None:
        """`blobs` keep what nobody can read; `channels` are those by which people are told, where there are any."""
        self.unread = Unread(blobs)
        self._channels = channels
        self._agent, self._bus, self._topics = agent, bus, topics
        self._statuses: dict[str, AgentStatus] = {}
        self._heard_at: dict[str, float] = {}
        self._taken: dict[str, tuple[int, float]] = {}
        self._guards: dict[str, GuardStatus] = {}
        self._said: set[str] = set()

    async def run(self) -> None:
        """Listen and speak until cancelled. An agent never heard counts as silent from now on."""
        self._begun = asyncio.get_running_loop().time()
        await self._bus.subscribe(self._topics.build("agent_status", source="+"), self._hear_agent)
        await self._bus.subscribe(self._topics.build("guard_status", machine="+"), self._hear_guard)
        await self.unread.listen(self._bus, self._topics)
        async with asyncio.TaskGroup() as group:
            # Beside the permit, which must not wait for a disk.
            group.create_task(self.unread.keep())
            group.create_task(self._speak())
            if self._channels is not None:
                group.create_task(self._channels.watch())

    async def _speak(self) -> None:
        number = 0
        while True:
            number += 1
            await self._bus.publish(
                self._topics.build("permit"), Permit(number=number).model_dump_json().encode(), qos=0
            )
            await self._look()
            await asyncio.sleep(self._agent.settings.beat)

    async def _look(self) -> None:
        agent, now = self._agent, asyncio.get_running_loop().time()
        if not agent.link.has_caught_up or agent.link.head is None:
            return
        state, head = agent.state, agent.link.head.position
        for name in state.lab.agents if state.lab else ():
            silence = now - self._heard_at.get(name, self._begun)
            status = self._statuses.get(name)
            if silence > agent.settings.declare_out:
                stuck = status.stuck if status is not None and status.alive else None
                await self._say(sense_silence(state, name, silence, stuck or ""))
            elif status is not None and silence < agent.settings.lost:
                await self._say(sense_status(state, status, head))
                behind = now - self._taken_at(status, head, now)
                if behind > agent.settings.declare_out:
                    await self._say(sense_behind(state, status, head, behind))
        await self._say(sense_dead_letters(state, agent.link.head))
        await self._say(sense_unread(state, self.unread, agent.link.epoch))
        for guard in self._guards.values():
            await self._say(sense_guard(state, guard))
        for channel in self._channels.found(wall_now()) if self._channels is not None else ():
            await self._say(sense_deaf(state, channel))

    def _taken_at(self, status: AgentStatus, head: int, now: float) -> float:
        """When this agent last took an entry, or had taken all there were."""
        position, at = self._taken.get(status.agent, (-1, now))
        if status.position != position or position >= head:
            at = now
        self._taken[status.agent] = (status.position, at)
        return at

    async def _say(self, senses: Sequence[Sense]) -> None:
        for sense in senses:
            if sense.name not in self._said:
                self._said.add(sense.name)
                try:
                    await self._agent.sense(sense.name, sense.drafts)
                except ValidationError:
                    # A status that can be read may still hold names of which no entry can be made.
                    self.unread.take(Message(self._topics.build("guard_status", machine="+"), repr(sense).encode()))

    def _hear_agent(self, message: Message) -> None:
        try:
            status = AgentStatus.model_validate_json(message.payload)
        except ValidationError:
            self.unread.take(message)
            return
        self._statuses[status.agent] = status
        # One that is stuck is alive and of no use: its time runs as if it were silent.
        if status.alive and not status.stuck and not message.retained:
            self._heard_at[status.agent] = asyncio.get_running_loop().time()

    def _hear_guard(self, message: Message) -> None:
        try:
            status = GuardStatus.model_validate_json(message.payload)
        except ValidationError:
            self.unread.take(message)
            return
        self._guards[status.machine] = status
