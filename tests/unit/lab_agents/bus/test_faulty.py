"""The carrier that loses, doubles, delays and reorders."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.bus.faulty import Faults, FaultyCarrier
from lab_agents.bus.memory import MemoryBus


async def _send(faults, seed=1, n=200, kill=False, chatter=False):
    """Send n numbers from one member to another; return what arrived and what the sender was told."""
    carrier, heard, told = FaultyCarrier(seed, faults), [], []
    async with MemoryBus(carrier, "a") as a, MemoryBus(carrier, "b") as b:
        await b.subscribe("numbers", lambda message: heard.append(int(message.payload)))
        for number in range(n):
            told.append(await a.publish("numbers", b"%d" % number))
            if chatter:
                await a.publish("chatter", b"")
        if kill:
            a.kill()
        for _ in range(100 * n):
            await asyncio.sleep(0)
    return heard, told


async def test_without_faults_everything_arrives_once_and_in_order():
    assert await _send(Faults()) == (list(range(200)), [True] * 200)


async def test_loss_takes_about_its_share_on_each_of_the_two_ways():
    heard, told = await _send(Faults(loss=0.3))
    assert 0.3 < len(heard) / 200 < 0.7  # 0.49 is expected
    assert heard == sorted(set(heard))
    assert all(told)


async def test_doubling_brings_some_twice_and_loses_none():
    heard, _ = await _send(Faults(doubling=0.3))
    assert set(heard) == set(range(200))
    assert len(heard) > 250


async def test_delay_alone_keeps_the_order():
    heard, _ = await _send(Faults(delay=0.5, most_turns=30))
    assert heard == list(range(200))


async def test_reordering_changes_the_order_and_nothing_else():
    heard, _ = await _send(Faults(delay=0.5, reordering=0.5))
    assert sorted(heard) == list(range(200))
    assert heard != sorted(heard)


async def test_silence_denies_what_was_carried():
    heard, told = await _send(Faults(silence=0.3))
    assert heard == list(range(200))
    assert 20 < told.count(False) < 120


async def test_bytes_delayed_in_flight_survive_the_death_of_their_sender():
    heard, _ = await _send(Faults(delay=1.0, most_turns=50), n=20, kill=True)
    assert heard == list(range(20))


def test_bytes_delayed_in_flight_survive_their_loop():
    carrier, heard = FaultyCarrier(1, Faults(delay=1.0, most_turns=50)), []
    listener = MemoryBus(carrier, "b")

    async def speak():
        carrier.join(listener)
        await listener.subscribe("x", heard.append)
        async with MemoryBus(carrier, "a") as a:
            await a.publish("x", b"1")

    async def wait():
        carrier.wake()
        for _ in range(200):
            await asyncio.sleep(0)

    asyncio.run(speak())
    assert heard == []
    asyncio.run(wait())
    assert [message.payload for message in heard] == [b"1"]


async def test_a_killed_carrier_loses_what_is_under_way_and_keeps_what_is_retained():
    carrier = FaultyCarrier(1, Faults(delay=1.0))
    heard = []
    async with MemoryBus(carrier, "a") as a, MemoryBus(carrier, "b") as b:
        await b.subscribe("x", heard.append)
        carrier.route("kept", b"1", retain=True)
        await a.publish("x", b"1")
        carrier.stop()
        carrier.start()
        for _ in range(200):
            await asyncio.sleep(0)
    assert heard == []
    assert carrier.retained == {"kept": b"1"}


@given(seed=st.integers(0, 2**32), loss=st.floats(0, 1), doubling=st.floats(0, 1), reordering=st.floats(0, 1))
def test_one_seed_gives_one_course(seed, loss, doubling, reordering):
    faults = Faults(loss=loss, doubling=doubling, delay=0.5, reordering=reordering)
    first = asyncio.run(_send(faults, seed, n=15))
    assert first == asyncio.run(_send(faults, seed, n=15))


async def test_other_traffic_does_not_change_what_is_lost():
    alone, _ = await _send(Faults(loss=0.3))
    among_others, _ = await _send(Faults(loss=0.3), chatter=True)
    assert alone == among_others


@pytest.mark.parametrize("wrong", [{"loss": 1.5}, {"doubling": -0.1}, {"most_turns": 0}])
def test_a_probability_outside_zero_to_one_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Faults(**wrong)
