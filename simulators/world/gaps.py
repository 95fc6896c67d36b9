"""The gap of the black phase over compositions."""

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.gap_field import GapField
from simulators.world.sites import Sites, Values


def polynomial_gap(sites: Sites, constants: WorldConstants) -> Values:
    """Gap by trilinear interpolation and bowing, without the random field.

    Eg = sum(a b x E[a, b, x]) - b1 x_I x_Br - b2 x_Br x_Cl - b3 x_I x_Cl - b4 s (1 - s) x_I

    It meets the mixed perovskites of the sources in the table of constants with a deviation of 0.03 eV (RMS). The
    halides are those of the composition as made, also where chloride is beyond its solubility: such a film fails by
    its second phase, and not by its gap.

    Returns:
        eV, shape (n,).
    """
    bowing = (
        constants.bowing_i_br * sites.i * sites.br
        + constants.bowing_br_cl * sites.br * sites.cl
        + constants.bowing_i_cl * sites.i * sites.cl
        + constants.bowing_pb_sn * sites.sn * (1 - sites.sn) * sites.i
    )
    return np.asarray(sites.trilinear(constants.gaps) - bowing)


def gap(sites: Sites, constants: WorldConstants, field: GapField) -> Values:
    """Gap of the world: the polynomial and the frozen field on it. eV, shape (n,)."""
    return np.asarray(polynomial_gap(sites, constants) + field(sites))
