"""The search of many dimensions."""

import numpy as np
import pytest

from lab_agents.records.space import DesignSpace, Parameter
from planners.evolution import evolve
from planners.spaces import Points, is_inside
from tests.contracts.planner import SPACES

NAMES = ("a1", "a2", "a3", "b1", "b2", "x1", "x2", "x3", "p", "q")
SITES = DesignSpace(
    parameters=tuple(Parameter(name=n, lower=0.0, upper=0.5 if n == "x2" else 1.0) for n in NAMES),
    simplices=(("a1", "a2", "a3"), ("b1", "b2"), ("x1", "x2", "x3")),
)


@pytest.mark.parametrize("name", SPACES)
def test_the_top_of_a_hill_is_found_inside_the_space(name: str) -> None:
    """Every point that is scored lies in the space."""
    space = SPACES[name]
    lower = np.array([p.lower for p in space.parameters])
    width = np.array([p.upper - p.lower for p in space.parameters])
    top = np.array([0.41, 0.39, 0.2]) if space.is_mixture else lower + 0.37 * width

    def hill(points: Points) -> Points:
        assert all(is_inside(space, point) for point in points)
        return np.asarray(-(((points - top) / width) ** 2).sum(axis=1))

    found = evolve(space, hill, np.zeros((0, len(top))), seed=2)
    assert np.abs((found - top) / width).max() < 0.01


def test_a_narrow_ridge_across_three_simplices_is_followed() -> None:
    """The least of one fraction where a sum of others is fixed to a hundredth, as by a band gap."""

    def ridge(points: Points) -> Points:
        off = (0.5 * points[:, 4] + points[:, 6] - 0.6 * points[:, 8] - 0.2) / 0.01
        return np.asarray(points[:, 4] - 0.5 * off**2)

    found = evolve(SITES, ridge, np.zeros((0, 10)), seed=1)
    assert is_inside(SITES, found)
    assert found[4] > 0.97


def test_a_start_worth_a_look_is_looked_at() -> None:
    """A needle that no Sobol point hits is found from where it was seen."""
    needle = np.array([0.2, 0.3, 0.5, 0.4, 0.6, 0.7, 0.2, 0.1, 0.123, 0.456])

    def score(points: Points) -> Points:
        return np.asarray((np.abs(points - needle) < 1e-6).all(axis=1).astype(float))

    assert evolve(SITES, score, needle[None], seed=0) == pytest.approx(needle)


def test_the_search_is_repeatable() -> None:
    """By its seed."""

    def score(points: Points) -> Points:
        return np.asarray(np.sin(7 * points).sum(axis=1))

    starts = np.zeros((0, 10))
    assert (evolve(SITES, score, starts, seed=5) == evolve(SITES, score, starts, seed=5)).all()
