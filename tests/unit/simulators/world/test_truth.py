"""The judge."""

from dataclasses import replace

import pytest

from simulators.world.truth import ABSORBER, Truth, is_feasible, is_reached, regret, utility

GOOD = Truth(gap=1.35, perovskite_fraction=0.97, gap_shift=-0.001, kept=0.93, lead=0.4, sheet_resistance=1e5)


def test_a_good_film_is_worth_what_is_not_lead() -> None:
    """U = 1 - lead."""
    assert is_feasible(GOOD, ABSORBER)
    assert utility(GOOD, ABSORBER) == 0.6


@pytest.mark.parametrize(
    "fault",
    [
        {"gap": 1.3701},
        {"gap": 1.3299},
        {"gap": None},
        {"perovskite_fraction": 0.949},
        {"gap_shift": -0.0201},
        {"gap_shift": 0.0201},
        {"gap_shift": None},
        {"kept": 0.899},
    ],
)
def test_a_film_that_breaks_one_constraint_is_worth_nothing(fault) -> None:
    """However little lead it holds; what cannot be read is no pass."""
    assert utility(replace(GOOD, **fault), ABSORBER) == 0.0


def test_the_bounds_themselves_are_good() -> None:
    """Limits are inclusive."""
    edge = replace(GOOD, gap=1.37, perovskite_fraction=0.95, gap_shift=-0.02, kept=0.90)
    assert is_feasible(edge, ABSORBER)


def test_reached_asks_for_half_lead() -> None:
    """Feasible is not enough."""
    assert is_reached(replace(GOOD, lead=0.5), ABSORBER)
    assert not is_reached(replace(GOOD, lead=0.51), ABSORBER)
    assert not is_reached(replace(GOOD, kept=0.8), ABSORBER)
    assert not is_reached(GOOD, ABSORBER, lead=0.35)


def test_regret_is_what_the_best_film_lacks() -> None:
    """All of the optimum before there is a film."""
    assert regret([], ABSORBER, 0.82) == 0.82
    assert regret([replace(GOOD, lead=0.9), GOOD, replace(GOOD, kept=0.1)], ABSORBER, 0.82) == pytest.approx(0.22)
