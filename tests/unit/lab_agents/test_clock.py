"""Laboratory time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.clock import FollowedClock, WallClock

START = datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_followed_clock_lets_nobody_go_before_the_time():
    clock = FollowedClock(START)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(hours=1)))
    clock.set(START + timedelta(minutes=59))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.set(START + timedelta(hours=2))
    await sleeper
    assert clock.now() == START + timedelta(hours=2)


async def test_a_time_that_has_come_is_not_waited_for():
    await FollowedClock(START).sleep_until(START)
    await WallClock().sleep_until(START)


@given(ticks=st.lists(st.integers(-1000, 1000)))
def test_a_followed_clock_never_goes_back(ticks):
    clock = FollowedClock(START)
    for tick in ticks:
        clock.set(START + timedelta(seconds=tick))
    assert clock.now() == START + timedelta(seconds=max(0, *ticks, 0))


async def test_a_cancelled_sleeper_leaves_the_clock_to_others():
    clock = FollowedClock(START)
    due = START + timedelta(seconds=1)
    gone, stays = asyncio.create_task(clock.sleep_until(due)), asyncio.create_task(clock.sleep_until(due))
    await asyncio.sleep(0)
    gone.cancel()
    clock.set(due)
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gone


def test_wall_time_is_aware():
    assert WallClock().now().tzinfo is UTC


async def test_a_followed_clock_is_waited_for_in_any_event_loop():
    """Devices have a loop of their own, in a thread; the tick comes to the agent's."""
    clock, due = FollowedClock(START), START + timedelta(seconds=1)
    elsewhere = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(clock.sleep_until(due))))
    here = asyncio.create_task(clock.sleep_until(due))
    await asyncio.sleep(0)
    clock.set(due)
    await asyncio.gather(elsewhere, here)
