"""Spinning films."""

from datetime import timedelta

import pytest

from simulators.errors import ErrorNumber
from simulators.instruments.spin_coater import NEVER
from simulators.ledger import LedgerLine, read_ledger
from tests.thin_film_stand import installed, order


def spun(folder, number=2, **settings) -> LedgerLine:
    """The ledger's line of one spin."""
    world, instruments = installed(folder, **settings)
    assert instruments["handler"].start(order(1, "mix")) is ErrorNumber.NONE
    world.advance(world.now + timedelta(hours=1))
    assert instruments["spin_a"].start(order(number, "spin")) is ErrorNumber.NONE
    world.close()
    return next(line for line in read_ledger(folder / "ledger.jsonl") if line.action == "spin")


def test_a_spin_makes_a_film_of_the_ink_that_was_really_mixed(tmp_path) -> None:
    """On the coater's stage, with its own speed and moment."""
    line = spun(tmp_path)
    mix = next(line for line in read_ledger(tmp_path / "ledger.jsonl") if line.action == "mix")
    assert line.details["volumes"] == mix.details["delivered"]
    assert line.details["place"] == "stage_a"
    assert line.details["speed"] == pytest.approx(4000, rel=0.02)
    assert line.details["delay"] == pytest.approx(15.0, abs=2.0)
    assert line.details["seen_delay"] == pytest.approx(line.details["delay"], abs=0.25)


def test_a_late_antisolvent_is_seen_and_a_missed_one_shows_as_zero(tmp_path) -> None:
    """At a rate of one each film is struck, one way or the other."""
    lines = [spun(tmp_path / str(n), n, late_antisolvent_rate=1.0).details for n in range(10, 30)]
    missed = [line for line in lines if line["seen_delay"] == 0]
    late = [line for line in lines if line["seen_delay"] > 0]
    assert all(line["delay"] == NEVER for line in missed)
    assert all(16 < line["delay"] < 25 and abs(line["seen_delay"] - line["delay"]) < 0.3 for line in late)
    assert missed
    assert late


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"speed": float("nan")}, ErrorNumber.LIMIT),
        ({"speed": 8001.0}, ErrorNumber.LIMIT),
        ({"delay": 41.0}, ErrorNumber.LIMIT),
        ({"duration": float("inf")}, ErrorNumber.LIMIT),
        ({}, ErrorNumber.BLOCKED),
    ],
)
def test_what_cannot_be_spun_moves_nothing(tmp_path, changes, number) -> None:
    """No number, beyond the limits, a drip after the end; and without ink nothing is spun at all."""
    world, instruments = installed(tmp_path)
    assert instruments["spin_a"].start(order(1, "spin", **changes)) is number
    assert world.things.film_at("stage_a") is None
    world.close()


def test_an_occupied_stage_and_a_used_up_ink_are_refused(tmp_path) -> None:
    """One vial makes one film."""
    world, instruments = installed(tmp_path)
    for instrument, command in (("handler", "mix"), ("spin_a", "spin")):
        instruments[instrument].start(order(1, command))
        world.advance(world.now + timedelta(hours=1))
    assert instruments["spin_a"].start(order(2, "spin")) is ErrorNumber.BLOCKED
    instruments["handler"].start(order(3, "mix"))
    world.advance(world.now + timedelta(hours=1))
    assert instruments["spin_a"].start(order(4, "spin")) is ErrorNumber.BLOCKED
    world.close()


def test_its_sensors_tell_of_the_air(tmp_path) -> None:
    """Dry, shut, extracted."""
    world, instruments = installed(tmp_path)
    assert 0 < instruments["spin_a"].sense("dryness") < 1
    assert (instruments["spin_a"].sense("door"), instruments["spin_a"].sense("extraction")) == (0.0, 1.0)
    assert instruments["robot"].sense("dryness") == 0.0
    world.close()
