"""Line shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.profile import Resolution, mixed_width, pseudo_voigt, size_width, strain_width, traced

THETA = np.array([np.radians(7.0)])


def test_small_grains_broaden() -> None:
    """50 nm give 0.16° at 14°, by 0.9 λ / (L cos θ)."""
    assert size_width(THETA, 1.540593, 50.0)[0] == pytest.approx(0.16, abs=0.002)


def test_strain_broadens_with_the_angle() -> None:
    """4 ε tan θ."""
    assert strain_width(np.array([np.pi / 4]), 1e-3)[0] == pytest.approx(np.degrees(4e-3))


def test_the_instrument_is_narrow() -> None:
    """Below 0.1° from 8 to 60°."""
    widths = Resolution().width(np.radians(np.linspace(4.0, 30.0, 50)))
    assert widths.min() > 0.05
    assert widths.max() < 0.1


@given(st.floats(0.02, 0.3), st.floats(0.0, 1.0))
def test_a_line_has_unit_area_and_its_width(width, share) -> None:
    """Property: the area is one, and half the height stands at half the width."""
    distance = np.linspace(-400.0 * width, 400.0 * width, 80001)
    line = pseudo_voigt(distance, np.array(width), np.array(share))
    assert float(np.trapezoid(line, distance)) == pytest.approx(1.0, abs=2e-3)
    at_half = pseudo_voigt(np.array([width / 2]), np.array(width), np.array(share))[0]
    assert at_half == pytest.approx(line.max() / 2, rel=1e-3)


@given(st.floats(0.01, 0.3), st.floats(0.01, 0.3))
def test_folding_widens(gaussian, lorentzian) -> None:
    """Property: wider than either, narrower than both together; the share lies between 0 and 1."""
    width, share = mixed_width(np.array([gaussian]), np.array([lorentzian]))
    assert max(gaussian, lorentzian) <= width[0] * (1 + 1e-9)
    assert width[0] <= (gaussian + lorentzian) * (1 + 1e-9)
    assert 0.0 <= share[0] <= 1.0


@given(st.floats(9.0, 19.0), st.floats(0.02, 2000.0))
def test_traced_lines_are_what_they_sum_to(place, area) -> None:
    """Property: strong and weak lines alike differ from the plain sum by less than a twentieth of a count."""
    angles = np.linspace(8.0, 20.0, 601)
    one = [np.array([value]) for value in (place, area, 0.1, 0.5)]
    plain = area * pseudo_voigt(angles - place, np.array(0.1), np.array(0.5))
    assert np.abs(traced(angles, *one) - plain).max() < 0.05


def test_lines_outside_leave_only_their_tails() -> None:
    """A line beyond the last angle is no error."""
    angles = np.linspace(8.0, 20.0, 601)
    for area in (0.5, 500.0):
        tail = traced(angles, *(np.array([value]) for value in (20.5, area, 0.1, 0.5)))
        assert tail[-1] > tail[0] >= 0.0
