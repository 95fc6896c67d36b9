"""Channels that take nothing, by what a notifier keeps on disk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab_agents.agents.deaf_channels import DeafChannels
from lab_agents.notify.pending import PendingNotices

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=2)


@pytest.fixture
def pending(tmp_path: Path):
    """A notifier's file, as it writes it."""
    notices = PendingNotices(tmp_path / "notifications" / "pending.sqlite")
    yield notices
    notices.close()


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[DeafChannels]:
    """Two channels that are looked at all the time."""
    channels = DeafChannels(folder / "notifications" / "pending.sqlite", ("phone", "office"), look=0.005)
    watching = asyncio.create_task(channels.watch())
    try:
        yield channels
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def names(channels: DeafChannels, now: datetime, wanted: list[str]) -> None:
    """Wait until these are found."""
    async with asyncio.timeout(30):
        while [one.name for one in channels.found(now)] != wanted:
            await asyncio.sleep(0.005)


async def test_a_channel_is_found_a_minute_after_it_began_to_fail(tmp_path: Path, pending: PendingNotices) -> None:
    async with watched(tmp_path) as channels:
        await asyncio.to_thread(pending.failed, "phone", "refused", NOON)
        await names(channels, LATER, ["phone"])
        assert channels.found(NOON + timedelta(seconds=59)) == []
        assert channels.found(LATER)[0].error == "refused"


async def test_one_that_takes_again_is_no_longer_found(tmp_path: Path, pending: PendingNotices) -> None:
    async with watched(tmp_path) as channels:
        await asyncio.to_thread(pending.failed, "office", "refused", NOON)
        await names(channels, LATER, ["office"])
        await asyncio.to_thread(pending.taken, "office", (), LATER)
        await names(channels, LATER, [])


async def test_nothing_is_known_before_the_notifier_began(tmp_path: Path) -> None:
    async with watched(tmp_path) as channels:
        await asyncio.sleep(0.02)
        assert channels.found(LATER) == []


async def test_a_laboratory_without_channels_looks_at_nothing(tmp_path: Path) -> None:
    channels = DeafChannels(tmp_path / "pending.sqlite", ())
    await channels.watch()
    assert channels.found(LATER) == []
