"""The search of a continuous space."""

import numpy as np
import pytest

from planners.search import best_point
from planners.spaces import Points, is_inside
from tests.contracts.planner import BOX, CUT_SIMPLEX, SPACES


@pytest.mark.parametrize("name", SPACES)
def test_the_top_of_a_hill_is_found_inside_the_space(name: str) -> None:
    """The nearest point of the space to a chosen one, to the width of the last round."""
    space = SPACES[name]
    top = np.array([p.lower + 0.37 * (p.upper - p.lower) for p in space.parameters])
    if space.is_mixture:
        top = np.array([0.41, 0.39, 0.2])
    width = np.array([p.upper - p.lower for p in space.parameters])

    def hill(points: Points) -> Points:
        assert all(is_inside(space, point) for point in points)
        return np.asarray(-(((points - top) / width) ** 2).sum(axis=1))

    found = best_point(space, hill, np.zeros((0, len(top))), seed=2)
    assert is_inside(space, found)
    assert np.abs((found - top) / width).max() < 0.01


def test_a_start_worth_a_look_is_looked_at() -> None:
    """A needle that no Sobol point hits is found from where it was seen; starts outside are brought inside."""
    needle = np.array([123.4, 1.234])

    def score(points: Points) -> Points:
        return np.asarray((np.abs(points - needle) < 1e-6).all(axis=1).astype(float))

    assert best_point(BOX, score, needle[None], seed=0) == pytest.approx(needle)
    outside = best_point(CUT_SIMPLEX, lambda p: np.asarray(p[:, 0]), np.array([[5.0, -3.0, 0.1]]), seed=0)
    assert is_inside(CUT_SIMPLEX, outside)
    assert outside[0] == pytest.approx(0.5)


def test_the_search_is_repeatable() -> None:
    """By its seed."""

    def score(points: Points) -> Points:
        return np.asarray(np.sin(points).sum(axis=1))

    starts = np.zeros((0, 2))
    assert (best_point(BOX, score, starts, seed=5) == best_point(BOX, score, starts, seed=5)).all()
