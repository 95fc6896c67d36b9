"""Annealing films."""

import itertools
from datetime import timedelta

import pytest

from simulators.errors import ErrorNumber
from simulators.faults import Faults, Mishap
from simulators.instruments.hotplate import COLDEST, EDGE, ROOM, WARMEST, Plate, cooling, ramp, shown
from simulators.ledger import read_ledger
from simulators.world.draws import Draws
from tests.simulated_world import START, token
from tests.thin_film_stand import installed, order


def annealed(folder, place, instrument):
    """The details of an anneal at one position."""
    world, instruments = installed(folder)
    steps = (
        ("handler", order(1, "mix")),
        ("spin_a", order(2, "spin")),
        ("robot", order(3, "transfer", target=place)),
        (instrument, order(4, "anneal")),
    )
    for name, given in steps:
        assert instruments[name].start(given) is ErrorNumber.NONE
        world.advance(world.now + timedelta(hours=1))
    film = world.things.film_at(place)
    world.close()
    assert film is not None
    return film.deeds[-1]


def test_a_film_is_colder_than_its_plate_believes(tmp_path) -> None:
    """By the plate's own offset, and more at the edge; the reading knows nothing of either."""
    middle, edge = annealed(tmp_path / "1", "plate_a_1", "hotplate_a_1"), annealed(tmp_path / "4", "plate_a_4",
                                                                                    "hotplate_a_4")  # fmt: skip
    assert COLDEST <= middle.number("seen_temperature") - middle.number("temperature") <= WARMEST
    assert middle.number("temperature") - edge.number("temperature") == pytest.approx(EDGE)
    assert middle.number("seen_temperature") == edge.number("seen_temperature") == pytest.approx(110, abs=1.2)


def test_a_program_ramps_holds_and_cools(tmp_path) -> None:
    """It ends when the film may be touched."""
    annealed(tmp_path, "plate_a_1", "hotplate_a_1")
    world, instruments = installed(tmp_path)
    program = instruments["hotplate_a_1"].ask(token(4))
    world.close()
    assert program is not None
    assert (program.ends_at - program.started_at).total_seconds() == pytest.approx(ramp(110) + 600 + cooling(110))
    assert 200 < cooling(110) < 350
    assert cooling(30.0) == 0.0


def test_its_sensor_shows_the_ramp_the_hold_and_the_cooling(tmp_path) -> None:
    """At rest it shows the room."""
    annealed(tmp_path, "plate_a_1", "hotplate_a_1")
    world, instruments = installed(tmp_path)
    program, resting = instruments["hotplate_a_1"].ask(token(4)), instruments["hotplate_a_1"].sense("temperature")
    world.close()
    held = program.details["seen_temperature"]
    after = {"start": 0.0, "hot": ramp(110), "held": ramp(110) + 300, "end": ramp(110) + 600 + cooling(110)}
    seen = {name: shown(program.started_at + timedelta(seconds=s), program) for name, s in after.items()}
    assert (seen["start"], seen["held"], resting) == (ROOM, held, ROOM)
    assert seen["hot"] == pytest.approx(held, abs=1.2)
    assert seen["end"] == pytest.approx(40.0, abs=0.5)


def test_a_bad_contact_makes_a_plate_colder_for_good() -> None:
    """Once a week at a rate of one, by 5 to 15 °C each time."""
    plate = Plate("plate", START, Draws(2), Faults(mishaps={"offset_step": Mishap(1.0)}))
    offsets = [plate.offset(START + timedelta(days=day)) for day in range(0, 29, 7)]
    rises = [after - before for before, after in itertools.pairwise(offsets)]
    assert all(5 <= rise <= 15 for rise in rises)
    steady = Plate("plate", START, Draws(2), Faults())
    assert steady.offset(START) == steady.offset(START + timedelta(days=99))


@pytest.mark.parametrize(("changes", "number"), [({"temperature": float("nan")}, ErrorNumber.LIMIT),
                                                 ({"duration": 0.0}, ErrorNumber.LIMIT),
                                                 ({}, ErrorNumber.BLOCKED)])  # fmt: skip
def test_what_cannot_be_annealed_moves_nothing(tmp_path, changes, number) -> None:
    """No number, no time, no film."""
    world, instruments = installed(tmp_path)
    assert instruments["hotplate_a_1"].start(order(1, "anneal", **changes)) is number
    assert [line.action for line in read_ledger(tmp_path / "ledger.jsonl")] == ["power_on"]
    world.close()
