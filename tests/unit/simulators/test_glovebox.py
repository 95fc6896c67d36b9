"""The air in the glovebox."""

from datetime import timedelta

from simulators.faults import Mishap
from simulators.glovebox import LENGTH, Glovebox
from simulators.world.draws import Draws
from tests.simulated_world import START

MINUTES = [START + timedelta(minutes=10 * n) for n in range(6 * 24 * 28)]


def test_without_the_fault_the_air_stays_dry() -> None:
    """Below the one ppm that makers promise."""
    glovebox = Glovebox(START, Draws(1), Mishap())
    assert all(glovebox.dryness(at) < 1 for at in MINUTES[::50])
    assert glovebox.sense(START) == {"dryness": glovebox.dryness(START), "door": 0.0, "extraction": 1.0}


def test_an_excursion_a_week_lasts_two_hours_and_shows() -> None:
    """Every week has one at a rate of 1; the sensor reads it."""
    glovebox = Glovebox(START, Draws(1), Mishap(1.0))
    wet = [at for at in MINUTES if glovebox.is_wet(at)]
    assert abs(len(wet) - 4 * LENGTH / timedelta(minutes=10)) <= 4
    assert all(glovebox.dryness(at) > 50 for at in wet)


def test_the_same_seed_has_the_same_weather() -> None:
    """Also when the laboratory is opened again."""
    weather = [[Glovebox(START, Draws(seed), Mishap(0.5)).is_wet(at) for at in MINUTES] for seed in (3, 3, 4)]
    assert weather[0] == weather[1]
    assert weather[0] != weather[2]
