"""Deliveries to one channel: in order, again until taken, a flood as one message."""

import asyncio
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from functools import partial

import pytest

from lab_agents.errors import ChannelError
from lab_agents.notify.channels import open_channel
from lab_agents.notify.delivery import Delivery
from lab_agents.notify.notice import DIGEST_FROM, make_notice
from lab_agents.notify.pending import PendingNotices
from lab_agents.records.notification import NotificationChannel
from lab_agents.threads import OwnThread
from tests.unit.lab_agents.notify.receivers import Received, webhook_server

AT = datetime(2026, 1, 1, tzinfo=UTC)
BOTH = {"phone": ("tickets",)}


@pytest.fixture
def pending(tmp_path):
    """Nothing yet."""
    with closing(PendingNotices(tmp_path / "pending.sqlite")) as opened:
        yield opened


@asynccontextmanager
async def delivering(pending: PendingNotices, open_, told: list[str | None]):
    """A delivery at work, patient for hundredths of a second."""
    worker = OwnThread("test")
    delivery = Delivery("phone", open_, pending, worker, told.append, first_wait=0.02, mourned=0.0)
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(worker.close)


async def keep(pending: PendingNotices, *ids: str) -> None:
    """Notices that wait."""
    notices = [make_notice(id_, "tickets", "lab", AT, f"title {id_}", "text") for id_ in ids]
    await asyncio.to_thread(pending.add, notices, BOTH)


async def all_taken(pending: PendingNotices) -> None:
    """Wait until nothing waits."""
    async with asyncio.timeout(60):
        while await asyncio.to_thread(pending.waiting, "phone"):
            await asyncio.sleep(0.005)


def to(received: Received):
    """What opens a webhook to this server."""
    return partial(open_channel, "phone", NotificationChannel(kind="webhook", address=received.url))


async def until(holds) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_server_that_refuses_gets_everything_in_order_once_it_takes_it(pending):
    """Its failure is told once, and so is its return."""
    told: list[str | None] = []
    with webhook_server(Received(answer=500)) as received:
        await keep(pending, "a", "b")
        async with delivering(pending, to(received), told) as delivery:
            await until(lambda: len(received.titles) >= 3 and told)
            assert set(received.titles) == {"title a"}
            received.answer = 200
            await until(lambda: received.titles[-1] == "title b" and len(told) == 2)
            await keep(pending, "c")
            delivery.wake()
            await until(lambda: received.titles[-1] == "title c")
    assert "answered 500" in told[0]
    assert told[1:] == [None]
    assert received.titles.count("title b") == received.titles.count("title c") == 1


async def test_what_a_killed_process_sent_and_did_not_write_down_comes_again_under_the_same_id(pending):
    """At least once, and a receiver can tell."""
    with webhook_server(Received()) as received:
        await keep(pending, "a")
        channel = await asyncio.to_thread(to(received))
        waiting = await asyncio.to_thread(pending.waiting, "phone")
        await asyncio.to_thread(channel.send, waiting[0][1])
        # Here it dies: nothing says that the notice was taken.
        async with delivering(pending, to(received), []):
            await all_taken(pending)
    assert [headers["webhook-id"] for headers in received.headers] == ["a", "a"]


async def test_a_flood_is_one_message(pending):
    """What waited for a night, or comes all at once."""
    with webhook_server(Received()) as received:
        await keep(pending, *(f"n{number}" for number in range(DIGEST_FROM + 3)))
        async with delivering(pending, to(received), []):
            await all_taken(pending)
    assert received.titles == [f"{DIGEST_FROM + 3} notices, among them: title n0"]


async def test_a_channel_that_cannot_be_opened_is_opened_when_it_can(pending):
    """A secret is put in place an hour later: nothing has to be started again."""
    told: list[str | None] = []
    with webhook_server(Received()) as received:
        ways = [_refuse, to(received)]
        await keep(pending, "a")
        async with delivering(pending, lambda: ways.pop(0)() if len(ways) > 1 else ways[0](), told):
            await until(lambda: received.titles == ["title a"] and len(told) == 2)
    assert told == ["no secret yet", None]


def _refuse():
    raise ChannelError("no secret yet")
