"""What a person loads really is there; each ticket is done once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from simulators.errors import WorldError
from simulators.hands import Hands, find_trays
from simulators.instruments.program import Counting
from simulators.ledger import read_ledger
from simulators.world_state import WorldState
from tests.simulated_world import START
from tests.thin_film_stand import open_floor, order, thin_film


def test_trays_and_bottles_can_be_loaded() -> None:
    """Those that an instrument's settings name, and the stock solutions on the handler's deck."""
    trays = find_trays(thin_film())
    assert {"substrates_a", "substrates_b", "tips", "csi", "sncl2"} <= set(trays)
    assert "antisolvent_a" not in trays
    assert (trays["tips"].instrument, trays["tips"].holder) == ("handler", "handler")
    assert (trays["csi"].instrument, trays["csi"].holder, trays["csi"].full) == ("handler", "csi", 25000.0)


async def test_a_tray_is_full_again_and_a_ticket_is_done_once(tmp_path: Path) -> None:
    """What is used between two askings for one ticket is not loaded again; the ledger has one line."""
    async with open_floor(tmp_path) as floor:
        hands = Hands(thin_film(), floor)
        for number, name, command in ((1, "handler", "mix"), (2, "spin_a", "spin")):
            await floor.start(name, order(number, command))
            await floor.advance(floor.now + timedelta(hours=1))
        assert floor.instruments["spin_a"].sense("substrates") == 129
        assert await hands.load("ticket-1", "substrates_a") == 130
        assert floor.instruments["spin_a"].sense("substrates") == 130
        model = floor.instruments["handler"].model
        assert model.tips_left(floor.world.things) == 1996
        assert model.left(floor.world.things)["csi"] < 25000
        assert await hands.load("ticket-2", "csi") == 25000
        assert await hands.load("ticket-2", "csi") == 25000
        assert await hands.load("ticket-3", "tips") == 2000
        assert model.left(floor.world.things)["csi"] == 25000
        assert isinstance(floor.instruments["spin_a"].model, Counting)
    loads, remembered = await asyncio.to_thread(left_behind, tmp_path)
    assert loads == [("spin_a", ""), ("handler", ""), ("handler", "")]
    assert remembered == {"ticket-1", "ticket-2", "ticket-3"}


def left_behind(folder: Path) -> tuple[list[tuple[str, str]], set[str]]:
    """Instrument and token of each load in the ledger, and the tickets that a world opened anew knows."""
    lines = [line for line in read_ledger(folder / "ledger.jsonl") if line.action == "load"]
    world = WorldState(folder, START)
    world.close()
    return [(line.instrument, line.token) for line in lines], set(world.things.loads)


async def test_a_person_may_miscount_and_the_tray_is_full_all_the_same(tmp_path: Path) -> None:
    """A piece too few, or a tenth of a bottle."""
    async with open_floor(tmp_path, miscount_rate=1.0) as floor:
        hands = Hands(thin_film(miscount_rate=1.0), floor)
        assert await hands.load("ticket-1", "substrates_b") == 129
        assert await hands.load("ticket-2", "mai") == 22500
        assert floor.instruments["spin_b"].sense("substrates") == 130


async def test_what_is_no_tray_cannot_be_loaded(tmp_path: Path) -> None:
    """The refusal names what can."""
    async with open_floor(tmp_path) as floor:
        with pytest.raises(WorldError, match=r"'chalk' cannot be loaded here; .*substrates_a"):
            await Hands(thin_film(), floor).load("ticket-1", "chalk")
