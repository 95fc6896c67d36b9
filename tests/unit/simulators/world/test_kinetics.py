"""Rates over temperature."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.world.constants import Rate
from simulators.world.kinetics import GAS_CONSTANT, rate_at

rates = st.builds(Rate, st.floats(1e-9, 1e3), st.floats(20, 300), st.floats(10, 200))


@given(rates)
def test_a_rate_is_what_it_is_where_it_is_known(rate) -> None:
    """Property: at its own temperature."""
    np.testing.assert_allclose(rate_at(rate, np.array([rate.at])), rate.value)


@given(rates)
def test_the_slope_gives_the_energy_back(rate) -> None:
    """Property: d ln k / d(1/T) = -energy/R."""
    warm = np.array([80.0, 120.0])
    slow, fast = rate_at(rate, warm)
    slope = np.log(fast / slow) / (1 / (warm[1] + 273.15) - 1 / (warm[0] + 273.15))
    np.testing.assert_allclose(-slope * GAS_CONSTANT, rate.energy, rtol=1e-6)
