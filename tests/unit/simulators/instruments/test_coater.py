"""Coating."""

from datetime import timedelta

import pytest

from lab_agents.records.place import Consumable
from simulators.errors import ErrorNumber
from simulators.installation import install
from simulators.instruments.program import Firmware, Order
from simulators.world_state import WorldState
from tests.simulated_world import START, TABLE, coat, dose, installed, laboratory, new_vial, token


def fill(world: WorldState, instruments: dict[str, Firmware], first: int = 1) -> None:
    """A vial with 60 µL on line_a."""
    for number, order in enumerate((new_vial(first), dose(first + 1, 1, 60.0))):
        assert instruments["dispenser_a"].start(order) is ErrorNumber.NONE
        world.advance(world.now + timedelta(minutes=5 + number))


def test_a_film_is_what_was_really_in_the_vial(tmp_path) -> None:
    """It stands on the line's stage, the vial is drawn empty, spin and handling take their time."""
    world, instruments = installed(tmp_path)
    fill(world, instruments)
    held = world.things.vials["line_a"]
    began = world.now
    assert instruments["coater_a"].start(coat(10)) is ErrorNumber.NONE
    film = world.things.film_at("stage_a")
    assert film is not None
    assert film.volumes == held
    assert "line_a" not in world.things.vials
    assert world.next_end() == began + timedelta(seconds=165)
    world.close()


def test_it_is_blocked_without_a_vial_or_with_an_empty_one(tmp_path) -> None:
    """There is nothing to draw."""
    world, instruments = installed(tmp_path)
    assert instruments["coater_a"].start(coat(1)) is ErrorNumber.BLOCKED
    instruments["dispenser_a"].start(new_vial(2))
    world.advance(START + timedelta(hours=1))
    assert instruments["coater_a"].start(coat(3)) is ErrorNumber.BLOCKED
    world.close()


def test_it_is_blocked_while_a_film_stands_on_the_stage(tmp_path) -> None:
    """Two films never stand at one place."""
    world, instruments = installed(tmp_path)
    fill(world, instruments)
    instruments["coater_a"].start(coat(10))
    world.advance(world.now + timedelta(hours=1))
    fill(world, instruments, first=20)
    assert instruments["coater_a"].start(coat(30)) is ErrorNumber.BLOCKED
    world.close()


def test_it_is_blocked_without_a_substrate(tmp_path) -> None:
    """The line's stock in the lab file is what it has."""
    lab = laboratory().model_copy(
        update={"consumables": (Consumable(name="substrates_a", used_by="line_a", amount=0.0, unit="piece"),)}
    )
    world = WorldState(tmp_path, START)
    instruments = install(lab, TABLE, world)
    fill(world, instruments)
    assert instruments["coater_a"].start(coat(10)) is ErrorNumber.BLOCKED
    world.close()


@pytest.mark.parametrize(("speed", "duration"), [(99.0, 45.0), (6001.0, 45.0), (1500.0, 0.5), (float("nan"), 45.0)])
def test_speed_and_duration_have_limits(tmp_path, speed, duration) -> None:
    """Both are checked by the hardware."""
    world, instruments = installed(tmp_path)
    fill(world, instruments)
    order = Order(token(10), 1, "coat", {"speed": speed, "duration": duration})
    assert instruments["coater_a"].start(order) is ErrorNumber.LIMIT
    world.close()
