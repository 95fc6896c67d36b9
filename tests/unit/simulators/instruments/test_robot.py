"""Carrying films."""

from datetime import timedelta

import pytest

from simulators.errors import ErrorNumber
from simulators.instruments.program import Firmware
from simulators.instruments.robot import Robot
from simulators.world_state import TokenState, WorldState
from tests.simulated_world import coat, dose, installed, new_vial, token, transfer


@pytest.fixture
def floor(tmp_path):
    """A world with a film on stage_a."""
    world, instruments = installed(tmp_path)
    for name, order in (("dispenser_a", new_vial(1)), ("dispenser_a", dose(2, 1, 60.0)), ("coater_a", coat(3))):
        assert instruments[name].start(order) is ErrorNumber.NONE
        world.advance(world.now + timedelta(hours=1))
    yield world, instruments
    world.close()


def test_a_film_is_carried_in_half_a_minute(floor: tuple[WorldState, dict[str, Firmware]]) -> None:
    """It leaves its source and stands at its target."""
    world, instruments = floor
    assert instruments["robot"].start(transfer(10, "stage_a", "rack_1")) is ErrorNumber.NONE
    assert world.next_end() == world.now + timedelta(seconds=30)
    assert world.things.film_at("stage_a") is None
    assert world.things.film_at("rack_1") is not None


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("stage_b", "rack_1", ErrorNumber.BLOCKED),
        ("stage_a", "stage_a", ErrorNumber.BLOCKED),
        ("stage_a", "moon", ErrorNumber.LIMIT),
        ("moon", "rack_1", ErrorNumber.LIMIT),
    ],
)
def test_what_cannot_be_carried_is_refused(floor, source, target, error) -> None:
    """Empty source, occupied target, places that are not there."""
    _, instruments = floor
    assert instruments["robot"].start(transfer(10, source, target)) is error


def test_sensors_see_every_place(floor) -> None:
    """All places of the lab file, one film."""
    world, instruments = floor
    model = instruments["robot"].model
    assert isinstance(model, Robot)
    sensors = model.sensors(world.things)
    assert len(sensors) == 99
    assert [place for place, seen in sensors.items() if seen] == ["stage_a"]


def test_a_film_that_falls_is_nowhere_and_its_transfer_fails(tmp_path) -> None:
    """The gripper feels that it holds nothing; nobody knows where the pieces lie."""
    world, instruments = installed(tmp_path, drop_rate=1.0)
    for name, order in (("dispenser_a", new_vial(1)), ("dispenser_a", dose(2, 1, 60.0)), ("coater_a", coat(3))):
        assert instruments[name].start(order) is ErrorNumber.NONE
        world.advance(world.now + timedelta(hours=1))
    assert instruments["robot"].start(transfer(10, "stage_a", "rack_1")) is ErrorNumber.NONE
    assert instruments["robot"].ask(token(10)).state is TokenState.RUNNING
    world.advance(world.now + timedelta(hours=1))
    assert instruments["robot"].ask(token(10)).state is TokenState.FAILED
    assert world.things.film_at("stage_a") is None
    assert world.things.film_at("rack_1") is None
    world.close()
