"""Stretching outcomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.warps import STRAIGHT, Bilog, Logit, Warp, recall_warp

WARPS = st.builds(Bilog, st.floats(-5, 5), st.sampled_from([0.0, 0.01, 0.5, 3.0]))


@given(WARPS, st.floats(-100, 100))
def test_the_way_back_is_the_inverse(warp: Bilog, value: float) -> None:
    """To within rounding."""
    values = np.array([value])
    assert warp.back(warp.forth(values)) == pytest.approx(values, rel=1e-9, abs=1e-9)


@given(WARPS, st.floats(-100, 100))
def test_the_slope_is_the_derivative(warp: Bilog, value: float) -> None:
    """By finite differences; away from the center, where the second derivative jumps."""
    values, step = np.array([value]), 1e-6 * (warp.width or 1.0)
    rise = (warp.forth(values + step) - warp.forth(values - step)) / (2 * step)
    assert rise == pytest.approx(warp.slope(values), rel=1e-4)


def test_far_misses_are_compressed_and_near_ones_are_not() -> None:
    """Order is kept."""
    warped = Bilog(0.95, 0.03).forth(np.array([0.0, 0.90, 0.95, 0.98]))
    assert (np.diff(warped) > 0).all()
    assert warped[1] - warped[0] < 5 * (warped[3] - warped[2])


def test_no_width_leaves_values() -> None:
    """To the bit."""
    values = np.array([-1.5, 0.1])
    assert STRAIGHT.forth(values) is values
    assert STRAIGHT.back(values) is values
    assert STRAIGHT.slope(values).tolist() == [1.0, 1.0]


@given(st.floats(0.0, 1.0))
def test_a_share_comes_back_from_its_logit(share: float) -> None:
    """And the slope is the derivative."""
    values, step = np.array([share]), 1e-6
    warp = Logit()
    assert warp.back(warp.forth(values)) == pytest.approx(values, abs=1e-9)
    rise = (warp.forth(values + step) - warp.forth(values - step)) / (2 * step)
    assert rise == pytest.approx(warp.slope(values), rel=1e-4)


def test_a_share_measured_outside_its_range_is_cut_off() -> None:
    """Finite, and no further than half an edge."""
    warped = Logit().forth(np.array([-3.0, 0.5, 1.005, 7.0]))
    assert np.isfinite(warped).all()
    assert warped[2] == warped[3]


@pytest.mark.parametrize("warp", [STRAIGHT, Bilog(0.5, 0.1), Logit()])
def test_a_warp_is_recalled_from_its_numbers(warp: Warp) -> None:
    """As checkpoints keep it."""
    assert recall_warp(warp.to_numbers()) == warp
