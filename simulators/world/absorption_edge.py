"""The shape of a film's absorption edge: tail, exciton, broadening. All in eV, shape (n,)."""

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.sites import Sites, Values


def urbach(sites: Sites, constants: WorldConstants) -> Values:
    """Energy of the exponential tail; disorder of a mixed lattice widens it."""
    return np.asarray(constants.urbach + constants.urbach_mixing * sites.mixing())


def exciton(sites: Sites, constants: WorldConstants) -> Values:
    """Exciton binding energy, between the iodides of lead and tin, more with bromide."""
    iodide = constants.exciton_pb * sites.pb + constants.exciton_sn * sites.sn
    return np.asarray(iodide + constants.exciton_bromide * sites.br)


def broadening(sites: Sites, constants: WorldConstants) -> Values:
    """Gaussian width of exciton and continuum."""
    return np.asarray(constants.broadening + constants.broadening_mixing * sites.mixing())
