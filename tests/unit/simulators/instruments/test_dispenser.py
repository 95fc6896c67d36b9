"""Dosing: what is really in the vial, and what is reported of it."""

import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ErrorNumber
from simulators.instruments.dispenser import PUMPS, Dispenser, Pump
from simulators.instruments.program import Order, Span
from simulators.world.draws import Draws
from tests.simulated_world import START, dose, installed, new_vial, token


def dispenser(name: str = "dispenser_a", pump: Pump = PUMPS["modbus_dispenser"], seed: int = 7) -> Dispenser:
    """A dispenser by itself."""
    return Dispenser(name, "line_a", pump, Draws(seed), {"volume": Span(0, 100)})


def test_a_dose_given_twice_doubles_what_is_in_the_vial(tmp_path) -> None:
    """Two tokens are two doses, each with its own error."""
    world, instruments = installed(tmp_path)
    instruments["dispenser_a"].start(new_vial(1))
    for number in (2, 3):
        world.advance(START + timedelta(hours=number))
        assert instruments["dispenser_a"].start(dose(number, 2, 40.0)) is ErrorNumber.NONE
    programs = [instruments["dispenser_a"].ask(token(number)) for number in (2, 3)]
    delivered = [program.details["delivered"] for program in programs if program]
    assert delivered[0] != delivered[1]
    assert world.things.vials["line_a"] == (0.0, pytest.approx(sum(delivered)), 0.0, 0.0)
    world.close()


def test_a_new_vial_is_empty(tmp_path) -> None:
    """The old one is discarded."""
    world, instruments = installed(tmp_path)
    orders = (new_vial(1), dose(2, 1, 40.0), new_vial(3))
    for number, order in enumerate(orders, start=1):
        instruments["dispenser_a"].start(order)
        world.advance(START + timedelta(hours=number))
    assert world.things.vials["line_a"] == (0.0, 0.0, 0.0, 0.0)
    world.close()


def test_a_dose_without_a_vial_is_blocked(tmp_path) -> None:
    """Nothing is poured onto the bench."""
    world, instruments = installed(tmp_path)
    assert instruments["dispenser_b"].start(dose(1, 1, 40.0)) is ErrorNumber.BLOCKED
    world.close()


@pytest.mark.parametrize("channel", [0, 5])
def test_a_channel_that_is_not_there_is_refused(tmp_path, channel) -> None:
    """Four channels."""
    world, instruments = installed(tmp_path)
    instruments["dispenser_a"].start(new_vial(1))
    world.advance(START + timedelta(hours=1))
    assert instruments["dispenser_a"].start(dose(2, channel, 40.0)) is ErrorNumber.LIMIT
    assert instruments["dispenser_a"].start(Order(token(3), 1, "dance")) is ErrorNumber.LIMIT
    world.close()


@given(st.integers(1, 4), st.floats(0, 100), st.integers(0, 2**32))
def test_the_same_token_draws_the_same_dose(channel, volume, number) -> None:
    """Property: a dose depends on seed, dispenser, channel, volume and token alone."""
    delivery = dispenser().dose(channel, volume, token(number))
    dispenser().dose(channel, volume + 1, token(number + 1))
    assert dispenser().dose(channel, volume, token(number)) == delivery
    assert delivery.delivered >= 0
    assert delivery.reported >= 0
    assert delivery.deviation > 0


def test_errors_are_small_and_the_report_is_worth_its_deviation() -> None:
    """About 1 % at 50 µL; reports stray from what was delivered by their own one sigma."""
    doses = [dispenser().dose(1, 50.0, token(i)) for i in range(2000)]
    assert statistics.stdev(d.delivered for d in doses) == pytest.approx(0.5, rel=0.1)
    assert abs(statistics.fmean(d.delivered for d in doses) - 50) < 1.0
    pulls = [(d.reported - d.delivered) / d.deviation for d in doses]
    assert statistics.stdev(pulls) == pytest.approx(1, rel=0.1)
    assert abs(statistics.fmean(pulls)) < 0.1


def test_channels_and_lines_have_their_own_systematic_error() -> None:
    """It does not average out, and differs between channels."""
    means = [
        statistics.fmean(dispenser(name).dose(channel, 100.0, token(i)).delivered for i in range(500))
        for name in ("dispenser_a", "dispenser_b")
        for channel in (1, 2, 3, 4)
    ]
    assert statistics.stdev(means) > 0.15
    assert all(abs(mean - 100) < 2.5 for mean in means)


def test_lines_differ_in_speed(tmp_path) -> None:
    """The second line takes longer for the same dose."""
    ends = {}
    for name in ("dispenser_a", "dispenser_b"):
        world, instruments = installed(tmp_path / name)
        instruments[name].start(new_vial(1))
        world.advance(START + timedelta(hours=1))
        instruments[name].start(dose(2, 1, 100.0))
        ends[name] = world.next_end()
        world.close()
    assert ends["dispenser_a"] == START + timedelta(hours=1, seconds=35)
    assert ends["dispenser_b"] == START + timedelta(hours=1, seconds=55)
