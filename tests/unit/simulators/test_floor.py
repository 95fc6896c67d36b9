"""The floor: one thread changes the world, everybody hears of it."""

import asyncio
import threading
from datetime import timedelta

from tests.simulated_world import START, dose, ledger_of, new_vial, open_floor, token


async def test_listeners_hear_of_every_change(tmp_path) -> None:
    """Starts, halts, limits and jumps, in the event loop's thread."""
    async with open_floor(tmp_path) as floor:
        heard: list[int] = []
        floor.listen(lambda: heard.append(threading.get_ident()))
        await floor.start("dispenser_a", new_vial(1))
        await floor.halt("dispenser_a")
        await floor.set_limit("dispenser_a", "volume", "upper", 50.0)
        await floor.advance(START + timedelta(minutes=1))
        await floor.acknowledge({token(1)})
        await floor.set_time(START + timedelta(minutes=2))
        assert heard == [threading.get_ident()] * 6


async def test_starts_that_meet_are_answered_one_after_the_other(tmp_path) -> None:
    """Of many clients at once exactly one gets the instrument, and the same token moves once."""
    async with open_floor(tmp_path) as floor:
        orders = [new_vial(number) for number in (1, 1, 2, 2, 3)]
        errors = await asyncio.gather(*(floor.start("dispenser_a", order) for order in orders))
        assert sorted(errors) == [0, 0, 1, 1, 1]
        assert [line.action for line in await ledger_of(tmp_path)] == ["power_on", "new_vial"]


async def test_a_start_whose_client_gives_up_is_whole(tmp_path) -> None:
    """A cancelled wait abandons neither the ledger line nor the token."""
    async with open_floor(tmp_path) as floor:
        start = asyncio.create_task(floor.start("dispenser_a", new_vial(1)))
        await asyncio.sleep(0)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        assert await floor.start("dispenser_a", dose(2, 1, 20.0)) == 1
        assert floor.instruments["dispenser_a"].ask(token(1)) is not None
        assert [line.action for line in await ledger_of(tmp_path)] == ["power_on", "new_vial"]


async def test_acknowledging_nothing_changes_nothing(tmp_path) -> None:
    """No commit for nothing: the clock asks at every look."""
    async with open_floor(tmp_path) as floor:
        heard: list[None] = []
        floor.listen(lambda: heard.append(None))
        await floor.acknowledge(frozenset())
        assert heard == []


async def test_what_begins_may_hang_up_or_answer_late(tmp_path, monkeypatch) -> None:
    """The program has begun all the same; who answers late has not been heard of for longer than clients wait."""
    monkeypatch.setattr("simulators.floor.LATE", 0.0)
    async with open_floor(tmp_path, **{"dispenser_a.disconnect_rate": 1.0, "late_answer_rate": 1.0}) as floor:
        heard: list[str] = []
        floor.hang_up = heard.append
        assert await floor.start("dispenser_a", new_vial(1)) == 0
        assert await floor.start("dispenser_b", new_vial(2)) == 0
        assert heard == ["dispenser_a"]
        assert floor.running() == {token(1), token(2)}
