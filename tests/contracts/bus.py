"""What every bus must do. Subclass `BusContract` with a fixture `world` to try one of your own.

class TestMyBus(BusContract):
@pytest.fixture
async def world(self):
yield MyWorld()
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

import pytest

from lab_agents.bus.protocol import MAX_PAYLOAD, Bus, Message

PATIENCE = 20.0
"""Wall seconds that anything may take on a busy machine; only a failing test waits for so long."""


class Victim(Protocol):
    """A connected member that can be killed."""

    async def kill(self) -> None:
        """End it as SIGKILL does: it says nothing to anybody."""
        ...


class World(Protocol):
    """A carrier under test."""

    def make(self, name: str) -> AbstractAsyncContextManager[Bus]:
        """A member that connects on entering."""
        ...

    def make_victim(self, name: str, will: tuple[str, bytes]) -> AbstractAsyncContextManager[Victim]:
        """A member with a last will, connected on entering; leaving is clean unless it was killed."""
        ...

    async def keep(self) -> None:
        """Return when what was retained so far would survive `stop`."""
        ...

    async def stop(self) -> None:
        """Kill the carrier."""
        ...

    async def start(self) -> None:
        """Start it again at the same address."""
        ...


class Inbox:
    """Takes what arrives and lets a test wait for it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message] = asyncio.Queue()

    def __call__(self, message: Message) -> None:
        self._queue.put_nowait(message)

    async def next(self) -> Message:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            return await self._queue.get()

    async def payloads(self, n: int) -> list[bytes]:
        """The next n payloads."""
        return [(await self.next()).payload for _ in range(n)]

    async def until(self, payload: bytes) -> list[Message]:
        """Everything up to and without the message with this payload."""
        before = []
        while (message := await self.next()).payload != payload:
            before.append(message)
        return before


async def eventually(condition: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


class BusContract:
    """The conformance suite."""

    async def test_a_message_arrives_with_its_topic_and_bytes(self, world):
        async with world.make("a") as a, world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("lab/x/log", inbox)
            assert a.is_connected
            assert await a.publish("lab/x/log", b"\x00\xffbytes")
            assert await inbox.next() == Message("lab/x/log", b"\x00\xffbytes", retained=False)

    async def test_a_member_hears_itself(self, world):
        async with world.make("a") as a:
            inbox = Inbox()
            await a.subscribe("own", inbox)
            await a.publish("own", b"1")
            assert await inbox.payloads(1) == [b"1"]

    @pytest.mark.parametrize("qos", [0, 1])
    async def test_order_is_kept_where_nothing_is_lost(self, world, qos):
        async with world.make("a") as a, world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("numbers", inbox)
            for number in range(100):
                assert await a.publish("numbers", b"%d" % number, qos=qos)
            assert await inbox.payloads(100) == [b"%d" % number for number in range(100)]

    async def test_order_is_kept_among_messages_that_do_not_wait_for_one_another(self, world):
        async with world.make("a") as a, world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("numbers", inbox)
            await asyncio.gather(*(a.publish("numbers", b"%d" % number) for number in range(100)))
            assert await inbox.payloads(100) == [b"%d" % number for number in range(100)]

    @pytest.mark.parametrize(
        ("topic_filter", "heard"),
        [
            ("lab/one/log", {"lab/one/log"}),
            ("lab/+/log", {"lab/one/log", "lab/two/log"}),
            ("lab/one/#", {"lab/one/log", "lab/one/agents/a-1/status"}),
            ("lab/one/agents/+/status", {"lab/one/agents/a-1/status"}),
        ],
    )
    async def test_a_filter_means_these_topics_and_no_others(self, world, topic_filter, heard):
        async with world.make("a") as a, world.make("b") as b:
            inbox = Inbox()
            await b.subscribe(topic_filter, inbox)
            await b.subscribe("end", inbox)
            for topic in ("lab/one/log", "lab/two/log", "lab/one/agents/a-1/status", "lab", "laboratory/one/log"):
                await a.publish(topic, topic.encode())
            await a.publish("end", b"end")
            assert {message.topic for message in await inbox.until(b"end")} == heard

    async def test_every_receiver_of_a_topic_gets_it(self, world):
        async with world.make("a") as a, world.make("b") as b:
            first, second = Inbox(), Inbox()
            await b.subscribe("x/y", first)
            await b.subscribe("x/+", second)
            await a.publish("x/y", b"1")
            assert (await first.next()).payload == (await second.next()).payload == b"1"

    async def test_a_late_subscriber_gets_what_is_retained_and_is_told_so(self, world):
        async with world.make("a") as a, world.make("b") as b:
            await a.publish("state", b"old", retain=True)
            await a.publish("state", b"new", retain=True)
            await a.publish("event", b"gone")
            inbox = Inbox()
            await b.subscribe("state", inbox)
            assert await inbox.next() == Message("state", b"new", retained=True)
            await a.publish("state", b"live", retain=True)
            assert await inbox.next() == Message("state", b"live", retained=False)

    async def test_an_empty_retained_message_clears_its_topic(self, world):
        async with world.make("a") as a, world.make("b") as b:
            await a.publish("state", b"old", retain=True)
            await a.publish("state", b"", retain=True)
            inbox = Inbox()
            await b.subscribe("state", inbox)
            await b.subscribe("end", inbox)
            await a.publish("end", b"end")
            assert await inbox.until(b"end") == []

    @pytest.mark.parametrize("size", [64 * 1024, 256 * 1024, MAX_PAYLOAD])
    async def test_a_page_is_carried_whole(self, world, size):
        async with world.make("a") as a, world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("page/x", inbox)
            payload = bytes(range(256)) * (size // 256)
            assert await a.publish("page/x", payload)
            assert (await inbox.next()).payload == payload

    async def test_a_payload_above_the_limit_is_refused_and_the_member_stays(self, world):
        async with world.make("a") as a:
            with pytest.raises(ValueError, match=str(MAX_PAYLOAD)):
                await a.publish("page/x", bytes(MAX_PAYLOAD + 1))
            assert await a.publish("page/x", b"1")

    @pytest.mark.parametrize("topic", ["", "a b", "a/+/b", "a/#"])
    async def test_a_topic_that_brokers_drop_is_refused(self, world, topic):
        async with world.make("a") as a:
            with pytest.raises(ValueError, match="topic"):
                await a.publish(topic, b"1")

    async def test_the_last_will_of_a_killed_member_is_sent_and_retained(self, world):
        async with world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("status/a", inbox)
            async with world.make_victim("a", ("status/a", b"dead")) as victim:
                await victim.kill()
                assert await inbox.next() == Message("status/a", b"dead")
            late = Inbox()
            async with world.make("c") as c:
                await c.subscribe("status/a", late)
                assert await late.next() == Message("status/a", b"dead", retained=True)

    async def test_a_member_that_leaves_sends_no_will(self, world):
        async with world.make("b") as b:
            inbox = Inbox()
            await b.subscribe("#", inbox)
            async with world.make_victim("a", ("status/a", b"dead")):
                pass
            await b.publish("end", b"end")
            assert await inbox.until(b"end") == []

    async def test_publishing_while_the_carrier_is_dead_says_so_and_does_not_raise(self, world):
        async with world.make("a") as a:
            await world.stop()
            await eventually(lambda: not a.is_connected)
            assert await a.publish("x", b"1") is False
            assert await a.publish("x", b"1", retain=True, qos=0) is False

    async def test_a_member_made_while_the_carrier_is_dead_connects_later(self, world):
        await world.stop()
        async with world.make("a") as a:
            assert not a.is_connected
            inbox = Inbox()
            await a.subscribe("x", inbox)
            await world.start()
            await eventually(lambda: a.is_connected)
            assert await a.publish("x", b"1")
            assert await inbox.payloads(1) == [b"1"]

    async def test_members_reconnect_and_subscribe_again_after_the_carrier_was_killed(self, world):
        async with AsyncExitStack() as stack:
            members = [await stack.enter_async_context(world.make(f"m{i}")) for i in range(4)]
            inboxes = [Inbox() for _ in members]
            for member, inbox in zip(members, inboxes, strict=True):
                await member.subscribe("news/#", inbox)
            await world.stop()
            await eventually(lambda: not any(m.is_connected for m in members))
            await world.start()
            await eventually(lambda: all(m.is_connected for m in members))
            assert await members[0].publish("news/now", b"1")
            assert [await inbox.payloads(1) for inbox in inboxes] == [[b"1"]] * 4

    async def test_what_is_retained_survives_the_death_of_the_carrier(self, world):
        async with world.make("a") as a:
            await a.publish("stop", b"s-1", retain=True)
            await world.keep()
            await world.stop()
            await eventually(lambda: not a.is_connected)
            await world.start()
            inbox = Inbox()
            await a.subscribe("stop", inbox)
            assert await inbox.next() == Message("stop", b"s-1", retained=True)
