"""Patterns of films, blanks and silicon."""

from datetime import timedelta

import numpy as np
import pytest

from simulators.errors import ErrorNumber
from tests.film_bench import film_on, recorded, run
from tests.simulated_world import token
from tests.thin_film_stand import installed, order


def angle_of_strongest(record):
    """Degrees of 2θ."""
    return record["start"] + record["step"] * int(np.argmax(record["counts"]))


def test_a_film_shows_its_perovskite_and_keeps_its_pattern(tmp_path) -> None:
    """The strongest line is (100) of a cubic cell of 6.3 Å; asked again, the same counts come."""
    with film_on(tmp_path, "xrd_stage") as (world, instruments):
        first = recorded(world, instruments, "xrd", 10, "scan")
        assert angle_of_strongest(first) == pytest.approx(14.03, abs=0.1)
        assert len(first["counts"]) == 1851
        recorded(world, instruments, "xrd", 11, "scan")
        again = instruments["xrd"].record(token(10))
        assert again == first
        assert instruments["xrd"].record(token(99)) == {}


def test_a_scan_takes_as_long_as_it_counts(tmp_path) -> None:
    """A quarter of an hour for 8 to 45° and half a second a step."""
    with film_on(tmp_path, "xrd_stage") as (world, instruments):
        instruments["xrd"].start(order(10, "scan"))
        assert world.next_end() - world.now == timedelta(seconds=60 + 1851 * 0.5)


def test_silicon_shows_silicon_and_a_blank_shows_glass(tmp_path) -> None:
    """Standards are carried and measured like samples."""
    world, instruments = installed(tmp_path)
    run(world, instruments, "robot", order(1, "transfer", source="rack_120", target="xrd_stage"))
    assert angle_of_strongest(recorded(world, instruments, "xrd", 2, "scan")) == pytest.approx(28.44, abs=0.1)
    run(world, instruments, "robot", order(3, "transfer", source="xrd_stage", target="rack_120"))
    run(world, instruments, "robot", order(4, "transfer", source="rack_118", target="xrd_stage"))
    glass = recorded(world, instruments, "xrd", 5, "scan")
    assert max(glass["counts"]) < 250
    world.close()


def test_a_stuck_shutter_leaves_the_dark(tmp_path) -> None:
    """Nearly no counts at any angle."""
    with film_on(tmp_path, "xrd_stage", shutter_stuck_rate=1.0) as (world, instruments):
        assert max(recorded(world, instruments, "xrd", 10, "scan")["counts"]) < 10


def test_the_tube_fades_and_the_zero_wanders_with_the_days(tmp_path) -> None:
    """A hundredth a day; the same day gives the same zero."""
    with film_on(tmp_path, "xrd_stage") as (world, instruments):
        run(world, instruments, "xrd", order(10, "scan"))
        world.advance(world.now + timedelta(days=30))
        run(world, instruments, "xrd", order(11, "scan"))
        before, after = (instruments["xrd"].ask(token(n)).details for n in (10, 11))
    assert after["tube"] / before["tube"] == pytest.approx(0.99**30, rel=1e-3)
    assert abs(before["zero"]) < 0.01 < 0.3 > abs(after["zero"])
    assert before["displacement"] != after["displacement"]


def test_a_tilted_sample_is_another_mounting(tmp_path) -> None:
    """Kept in the ledger, unknown to who reads the pattern."""
    with film_on(tmp_path, "xrd_stage", tilted_sample_rate=1.0) as (world, instruments):
        run(world, instruments, "xrd", order(10, "scan"))
        assert 1 <= instruments["xrd"].ask(token(10)).details["tilt"] <= 3


@pytest.mark.parametrize(
    "changes",
    [{"start": float("nan")}, {"stop": 8.0}, {"start": 44.0, "stop": 43.0}, {"step": 0.005, "stop": 60.0}],
)
def test_what_cannot_be_scanned_is_refused(tmp_path, changes) -> None:
    """No number, no range, more points than the controller holds."""
    with film_on(tmp_path, "xrd_stage") as (_, instruments):
        assert instruments["xrd"].start(order(10, "scan", **changes)) is ErrorNumber.LIMIT


def test_an_empty_stage_is_refused(tmp_path) -> None:
    """Nothing is counted of nothing."""
    world, instruments = installed(tmp_path)
    assert instruments["xrd"].start(order(10, "scan")) is ErrorNumber.BLOCKED
    world.close()
