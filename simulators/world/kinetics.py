"""First-order rates over temperature."""

import numpy as np

from simulators.world.constants import Rate
from simulators.world.sites import Values

GAS_CONSTANT = 8.314462618e-3
"""kJ/(mol K), CODATA 2018."""
ZERO_CELSIUS = 273.15


def rate_at(rate: Rate, temperature: Values) -> Values:
    """The rate at `temperature` (°C), by Arrhenius from where it is known; in the unit of its value."""
    inverse = 1 / (temperature + ZERO_CELSIUS) - 1 / (rate.at + ZERO_CELSIUS)
    return np.asarray(rate.value * np.exp(-rate.energy / GAS_CONSTANT * inverse))
