"""The shape of an edge."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.elliott import Shape, edge_curve

SHAPES = st.builds(
    Shape,
    binding=st.floats(0.002, 0.02),
    width=st.floats(0.02, 0.06),
    tail=st.floats(0.01, 0.04),
    growth=st.floats(0.0, 3.0),
    peaked=st.sampled_from([0.0, 0.5, 1.0]),
)


def test_without_an_exciton_the_edge_is_a_square_root() -> None:
    """Parabolic bands, Elliott's limit of no attraction."""
    above = np.linspace(0.05, 0.6, 50)
    curve = edge_curve(Shape(1e-9, 0.004, 0.02, 0.0, 0.0))
    assert curve.at(above) == pytest.approx(np.sqrt(above), rel=3e-3)


def test_the_exciton_enhances_the_continuum_as_sommerfeld_says() -> None:
    """2 pi x / (1 - exp(-2 pi x)) with x = sqrt(B / E), as Elliott gives it."""
    above = np.linspace(0.05, 0.6, 50)
    x = np.sqrt(0.01 / above)
    curve = edge_curve(Shape(0.01, 0.004, 0.02, 0.0, 0.0))
    expected = np.sqrt(above) * 2 * math.pi * x / -np.expm1(-2 * math.pi * x)
    assert curve.at(above) == pytest.approx(expected, rel=3e-3)


@given(SHAPES)
def test_far_below_the_gap_the_logarithm_falls_with_the_tail(shape: Shape) -> None:
    """Or with the line shape, where that is flatter; and the curve is positive and finite everywhere."""
    curve = edge_curve(shape)
    assert np.all(np.isfinite(curve.absorption))
    assert np.all(curve.absorption >= 0)
    low, high = np.log(np.maximum(curve.at(np.array([-0.15, -0.14])), 1e-300))
    assert (high - low) / 0.01 <= 1 / shape.tail * 1.02


@given(SHAPES)
def test_the_slope_is_the_derivative_of_the_curve(shape: Shape) -> None:
    """Which the fit of the gap relies on."""
    curve = edge_curve(shape)
    at = np.linspace(-0.1, 0.3, 21)
    difference = (curve.at(at + 0.002) - curve.at(at - 0.002)) / 0.004
    assert curve.slope_at(at) == pytest.approx(difference, rel=0.1, abs=0.15)
