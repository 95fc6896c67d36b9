"""A guard on the bus: its status out, stop requests in, and what agents say they move."""

import asyncio
import logging
from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError

from lab_agents.bus.protocol import Bus, Message
from lab_agents.guard import Guard
from lab_agents.messages.frames import AgentStatus
from lab_agents.messages.topics import Topics
from lab_agents.unread_stop import stop_from_bytes

_LOG = logging.getLogger(__name__)

MAX_STATUS = 256 * 1024
"""Bytes of an agent's status that are kept; one has a few thousand."""


class GuardLink:
    """Publishes a guard's status at once on change and every 0.5 s, and hears the stop."""

    def __init__(self, guard: Guard, bus: Bus) -> None:
        self._guard, self._bus = guard, bus
        self._topics = Topics(guard.household.laboratory.name)
        self._statuses: dict[str, bytes] = {}
        self._stale_stop = False

    @property
    def running(self) -> Mapping[str, str]:
        """What each agent moves and until when, as it said last; for people."""
        return MappingProxyType({name: text for name, raw in self._statuses.items() if (text := _motions(raw))})

    async def run(self) -> None:
        """Publish until cancelled."""
        await self._bus.subscribe(self._topics.build("stop"), self._hear_stop)
        await self._bus.subscribe(self._topics.build("permit"), self._guard.permit.hear)
        await self._bus.subscribe(self._topics.build("agent_status", source="+"), self._hear_status)
        while True:
            changed = asyncio.ensure_future(self._guard.wait_changed(self._guard.household.settings.beat))
            try:
                await self._publish(alive=True)
                if self._stale_stop:
                    self._stale_stop = not await self._bus.publish(self._topics.build("stop"), b"", retain=True)
                await changed
            finally:
                changed.cancel()

    async def say_goodbye(self) -> None:
        """Say that this machine has no guard any more; the last will says so where there is no time for it."""
        await self._publish(alive=False)

    async def _publish(self, *, alive: bool) -> None:
        topic = self._topics.build("guard_status", machine=self._guard.household.machine)
        payload = self._guard.status(alive=alive).model_dump_json().encode()
        # The last word is not repeated.
        await self._bus.publish(topic, payload, retain=True, qos=0 if alive else 1)

    def _hear_stop(self, message: Message) -> None:
        if not message.payload:
            return
        request = stop_from_bytes(message.payload)
        stopping = self._guard.stopping
        n_before = len(stopping.latch.stops)
        # A request that was lifted stays retained until somebody clears it.
        self._stale_stop = not stopping.stop(request)
        if len(stopping.latch.stops) > n_before:
            _LOG.warning("Stop %s by %s: %s.", request.id, request.person, request.reason)

    def clear_stop(self) -> None:
        """Take the retained request off the topic, because it was lifted."""
        self._stale_stop = True
        self._guard.note()

    def _hear_status(self, message: Message) -> None:
        parsed = self._topics.parse(message.topic)
        declared = self._guard.household.laboratory.agents
        if parsed is not None and parsed[1]["source"] in declared and len(message.payload) <= MAX_STATUS:
            # Kept as bytes: they come several times a second and are read only while the machine ends.
            self._statuses[parsed[1]["source"]] = message.payload


def _motions(raw: bytes) -> str:
    try:
        status = AgentStatus.model_validate_json(raw)
    except ValidationError:
        return ""
    parts = [
        f"{m.instrument}: {m.plan}{f' until {m.until:%Y-%m-%d %H:%M:%S}' if m.until else ''}" for m in status.motions
    ]
    return "; ".join(parts)
