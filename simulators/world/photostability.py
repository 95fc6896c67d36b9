"""What light does to a film: loss of absorption, and segregation of halides."""

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.process import weight_of_a
from simulators.world.sites import Sites, Values


def loss_exponent(sites: Sites, grain: Values, constants: WorldConstants) -> Values:
    """Loss of absorbance in the standard soak, as the exponent k of exp(-k); grains in nm.

    Tin oxidizes with its third power: lead protects tin beyond dilution [Leijtens 2017].
    """
    c = constants
    small = (c.light_grain / grain) ** c.light_grain_power
    tin = c.light_tin * sites.sn**c.light_power * weight_of_a(sites, c) * small
    return np.asarray(tin + c.light_ma * sites.ma)


def kept(sites: Sites, grain: Values, constants: WorldConstants) -> Values:
    """Share of the absorbance that the standard soak leaves."""
    return np.asarray(np.exp(-loss_exponent(sites, grain, constants)))


def bromide_limit(sites: Sites, constants: WorldConstants) -> Values:
    """The bromide that a film bears in light without segregation."""
    c = constants
    cs = c.segregation_cs * np.minimum(sites.cs, c.segregation_cs_limit)
    return np.asarray(c.segregation_bromide + cs + c.segregation_fa * sites.fa + c.segregation_tin * sites.sn)


def final_shift(sites: Sites, made: Values, constants: WorldConstants) -> Values:
    """Change of the gap (eV, negative) when halides have segregated, of films of quality `made` (0 to 1)."""
    c = constants
    beyond = (sites.br - bromide_limit(sites, c)) / c.segregation_width
    soft = c.segregation_width * np.logaddexp(0.0, beyond)
    iodide = np.minimum(c.segregation_iodide * sites.i, 1.0)
    return np.asarray(-c.segregation_gap * soft * iodide * (1 + c.segregation_quality * (1 - made)))


def segregated(dose: Values | float, constants: WorldConstants) -> Values:
    """Share of the final shift that is reached after a dose of light (sun·s): nearly all after minutes at one sun."""
    return np.asarray(-np.expm1(-np.asarray(dose) / constants.segregation_time))
