"""A bus without a broker: everything happens in turns of one event loop, in the same order each time."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from lab_agents.bus.filters import check_filter, check_publish, is_match
from lab_agents.bus.protocol import Message, Receive


@dataclass
class Parcel:
    """Something under way; it arrives after `turns` further turns of the loop."""

    turns: int
    deliver: Callable[[], None]


class MemoryCarrier:
    """The broker in memory: members, retained messages, last wills, and lanes of parcels under way.

    It uses the running loop's `call_soon` and nothing else: no threads, no sleeps, no clock. What is under way lives
    here and not in the loop, so it survives its sender, and even the loop (the next call from another loop goes on).
    """

    def __init__(self) -> None:
        self._members: dict[str, MemoryBus] = {}
        self._away: dict[str, MemoryBus] = {}
        self._retained: dict[str, bytes] = {}
        self._lanes: dict[str, deque[Parcel]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_up = True

    @property
    def retained(self) -> dict[str, bytes]:
        """A copy of what is kept, by topic."""
        return dict(self._retained)

    def join(self, bus: "MemoryBus") -> None:
        """Connect a bus. One of the same name is displaced, as MQTT does it: its last will is sent."""
        present = self._members.get(bus.name)
        if present is not None and present is not bus:
            self.leave(present, clean=False)
        if not self._is_up:
            self._away[bus.name] = bus
            return
        self._members[bus.name] = bus
        bus.connected(session=bus.session + 1)
        for topic_filter in bus.filters:
            self.send_retained(bus, topic_filter)

    def leave(self, bus: "MemoryBus", *, clean: bool) -> None:
        """Disconnect a bus; not `clean` is a death, and its last will is sent."""
        if self._away.get(bus.name) is bus:
            del self._away[bus.name]
        if self._members.get(bus.name) is not bus:
            return
        del self._members[bus.name]
        bus.disconnected()
        # Lanes of whoever left would be looked through in every turn.
        self._lanes = {lane: queue for lane, queue in self._lanes.items() if queue}
        if not clean and bus.will is not None:
            self.route(*bus.will, retain=True)

    def stop(self) -> None:
        """Die as a broker does: members are cut off, what is under way is lost, what is retained is kept."""
        self._is_up = False
        self._lanes.clear()
        self._away.update(self._members)
        for bus in self._members.values():
            bus.disconnected()
        self._members.clear()

    def start(self) -> None:
        """Come back; every bus that was connected, or tried to, is connected again."""
        self._is_up = True
        waiting, self._away = self._away, {}
        for bus in waiting.values():
            self.join(bus)

    def accept(self, sender: str, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Take bytes from a member; False where the sender is told that they were not carried."""
        self.route(topic, payload, retain=retain)
        return True

    def route(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Keep what is to be kept and send it to every member that wants it, in the order of joining."""
        if retain and payload:
            self._retained[topic] = payload
        elif retain:
            self._retained.pop(topic, None)
        for bus in self._members.values():
            if any(is_match(topic_filter, topic) for topic_filter in bus.filters):
                self.carry(bus, Message(topic, payload))

    def send_retained(self, bus: "MemoryBus", topic_filter: str) -> None:
        """Send what is kept under a filter, as a broker does at each subscription."""
        for topic, payload in self._retained.items():
            if is_match(topic_filter, topic):
                self.carry(bus, Message(topic, payload, retained=True))

    def carry(self, bus: "MemoryBus", message: Message) -> None:
        """Bring a message to one member, in the next turn."""
        self.dispatch(f"to {bus.name}", partial(bus.hand, bus.session, message))

    def dispatch(self, lane: str, deliver: Callable[[], None], turns: int = 0, place: int | None = None) -> None:
        """Put a parcel on a lane, at its end or before number `place`. A lane never overtakes itself."""
        queue = self._lanes.setdefault(lane, deque())
        queue.insert(len(queue) if place is None else place, Parcel(turns, deliver))
        self.wake()

    def under_way(self, lane: str) -> int:
        """How many parcels are on a lane."""
        return len(self._lanes.get(lane, ()))

    def wake(self) -> None:
        """See to it that a turn is planned in the running loop while anything is under way."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop and any(self._lanes.values()):
            self._loop = loop
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._loop = None
        try:
            for queue in list(self._lanes.values()):
                if queue:
                    queue[0].turns -= 1
                while queue and queue[0].turns < 0:
                    queue.popleft().deliver()
        finally:
            self.wake()


class MemoryBus:
    """One member of a `MemoryCarrier`.

    Args:
        carrier: What carries.
        name: Unique among members, like an MQTT client id.
        will: Topic and payload published (retained) when this member dies without leaving.
    """

    def __init__(self, carrier: MemoryCarrier, name: str, will: tuple[str, bytes] | None = None) -> None:
        self.name, self.will = name, will
        self.session = 0
        self._carrier = carrier
        self._is_connected = False
        self._receivers: list[tuple[str, Receive]] = []

    async def __aenter__(self) -> Self:
        self._carrier.join(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._carrier.leave(self, clean=True)

    def kill(self) -> None:
        """Die: nothing arrives any more, the last will is sent, what was published before still travels."""
        self._carrier.leave(self, clean=False)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> bool:
        """See `Bus.publish`; the quality of service makes no difference in memory."""
        check_publish(topic, payload)
        taken = self._is_connected and self._carrier.accept(self.name, topic, payload, retain=retain)
        await asyncio.sleep(0)
        return taken

    async def subscribe(self, topic_filter: str, receive: Receive) -> None:
        """See `Bus.subscribe`."""
        check_filter(topic_filter)
        self._receivers.append((topic_filter, receive))
        if self._is_connected:
            self._carrier.send_retained(self, topic_filter)
        await asyncio.sleep(0)

    @property
    def is_connected(self) -> bool:
        """Whether the carrier is up and this member has joined it."""
        return self._is_connected

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters subscribed to, once each, in order."""
        return tuple(dict.fromkeys(topic_filter for topic_filter, _ in self._receivers))

    def connected(self, session: int) -> None:
        """Called by the carrier."""
        self._is_connected, self.session = True, session

    def disconnected(self) -> None:
        """Called by the carrier."""
        self._is_connected = False

    def hand(self, session: int, message: Message) -> None:
        """Called by the carrier: give a message of this session to whoever subscribed; others died with theirs."""
        if not self._is_connected or session != self.session:
            return
        for topic_filter, receive in list(self._receivers):
            if is_match(topic_filter, message.topic):
                receive(message)
