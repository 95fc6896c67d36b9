"""Fractions that sum to one between bounds."""

import numpy as np
import pytest
from scipy.stats import kstest, qmc

from planners.simplices import fractions_from_cube, project_fractions

HALIDES = (np.zeros(3), np.array([1.0, 0.5, 0.1]))
"""A simplex of three, of which the bounds leave a tenth."""


def _cube(n: int, d: int) -> np.ndarray:
    return qmc.Sobol(d, rng=np.random.default_rng(1)).random(n)


@pytest.mark.parametrize("k", [2, 3, 4, 6])
def test_points_of_the_full_simplex_have_dirichlets_margins(k: int) -> None:
    """A fraction of a uniform mixture of k follows Beta(1, k - 1)."""
    fractions = fractions_from_cube(_cube(512, k - 1), np.zeros(k), np.ones(k))
    for column in range(k):
        assert kstest(fractions[:, column], "beta", args=(1, k - 1)).pvalue > 0.5


def test_points_of_a_cut_simplex_are_as_if_those_outside_had_been_thrown_away() -> None:
    """By means and spreads of each fraction, against rejection."""
    lower, upper = HALIDES
    fractions = fractions_from_cube(_cube(2048, 2), lower, upper)
    drawn = np.random.default_rng(2).dirichlet(np.ones(3), size=60_000)
    drawn = drawn[((drawn >= lower) & (drawn <= upper)).all(axis=1)]
    assert fractions.mean(axis=0) == pytest.approx(drawn.mean(axis=0), abs=0.005)
    assert np.cov(fractions.T) == pytest.approx(np.cov(drawn.T), abs=0.001)


def test_lower_bounds_leave_a_smaller_simplex() -> None:
    """Uniform on it."""
    fractions = fractions_from_cube(_cube(512, 2), np.array([0.2, 0.1, 0.3]), np.ones(3))
    assert kstest((fractions[:, 2] - 0.3) / 0.4, "beta", args=(1, 2)).pvalue > 0.5


def test_bounds_that_leave_one_mixture_give_it() -> None:
    """Where upper bounds sum to one there is nothing to choose."""
    fractions = fractions_from_cube(_cube(8, 2), np.zeros(3), np.array([0.5, 0.3, 0.2]))
    assert fractions == pytest.approx(np.tile([0.5, 0.3, 0.2], (8, 1)))


def test_many_parts_keep_their_bounds() -> None:
    """Beyond the number for which volumes are summed."""
    upper = np.full(14, 0.2)
    fractions = fractions_from_cube(_cube(64, 13), np.zeros(14), upper)
    assert fractions.sum(axis=1) == pytest.approx(1.0)
    assert (fractions <= upper).all()
    assert (fractions >= 0).all()


def test_projected_fractions_keep_what_is_a_mixture() -> None:
    """And move others onto the nearest one."""
    mixture = np.array([[0.7, 0.25, 0.05]])
    assert project_fractions(mixture, *HALIDES) == pytest.approx(mixture)
    assert project_fractions(np.array([[0.5, 0.5, 0.6]]), *HALIDES)[0] == pytest.approx([0.45, 0.45, 0.1])
