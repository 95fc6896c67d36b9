"""Absorption of films."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.absorption import absorbance, edge, elliott
from tests.films import film


@given(st.floats(1.2, 2.4), st.floats(0.003, 0.02))
def test_absorption_is_of_the_published_order(gap, exciton) -> None:
    """1e4 /cm at 0.05 eV above the gap within a third, 5e4 at 0.5 eV."""
    low, high = edge(np.array([gap + 0.05, gap + 0.5]), film(gap=gap, exciton=exciton))
    assert high == pytest.approx(5e4, rel=0.01)
    assert low == pytest.approx(1e4, rel=0.35)


@given(st.floats(0.012, 0.03), st.floats(0.025, 0.04))
def test_the_tail_is_exponential(urbach, broadening) -> None:
    """Property: far below the gap the absorption falls by e per Urbach energy."""
    made = film(urbach=urbach, broadening=broadening)
    high, low = edge(np.array([made.gap - 0.15, made.gap - 0.15 - urbach]), made)
    assert high / low == pytest.approx(np.e, rel=1e-6)


def test_absorption_rises_with_the_energy() -> None:
    """Everywhere but at a strong exciton, which a broadening of 30 meV hides."""
    values = edge(np.linspace(1.2, 3.4, 400), film())
    assert (np.diff(values) > 0).all()


def test_a_strong_exciton_stands_out() -> None:
    """With 50 meV of binding and 5 meV of width there is a peak below the gap."""
    energy = np.linspace(1.9, 2.1, 400)
    values = elliott(energy, 2.0, 0.05, 0.005)
    assert energy[values.argmax()] == pytest.approx(1.95, abs=0.005)


def test_what_light_destroyed_no_longer_absorbs() -> None:
    """The whole of the perovskite's absorption scales."""
    energy = np.array([1.78])
    fresh, soaked = absorbance(energy, film())[0], absorbance(energy, film(absorbance_kept=0.85))[0]
    assert soaked / fresh == pytest.approx(0.85)


def test_salts_absorb_where_they_do() -> None:
    """Lead iodide is transparent at 2.0 eV and not at 3.0."""
    made = film(gap=None, phases={"pbi2": 1.0})
    red, violet = absorbance(np.array([2.0, 3.0]), made)
    assert red == 0.0
    assert violet > 1.0


def test_a_film_without_a_gap_has_no_edge() -> None:
    """Asked for alone, it is refused."""
    assert absorbance(np.array([2.0]), film(gap=None)) == 0.0
    with pytest.raises(ValueError, match="without a gap"):
        edge(np.array([2.0]), film(gap=None))
