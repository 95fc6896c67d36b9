"""A frozen smooth random field on the gap, so that nobody can know the world by knowing the polynomial."""

import math

import numpy as np

from simulators.world.constants import WorldConstants
from simulators.world.draws import Draws
from simulators.world.sites import Sites, Values

_N_SITES = 8


class GapField:
    """A draw of a Gaussian process over the eight site fractions, by random Fourier features.

    f(z) = deviation · sqrt(2/m) · sum_j cos(w_j · z / length + b_j), w_j normal, b_j uniform on the circle: its
    covariance tends to the squared exponential as m grows [Rahimi and Recht, NIPS 2007]. Equal seeds give equal fields.
    """

    def __init__(self, constants: WorldConstants, seed: int) -> None:
        n = constants.field_features
        draws = Draws(seed)
        self._frequencies = np.array(draws.normals(n * _N_SITES, "gap field", "frequencies")).reshape(_N_SITES, n)
        self._frequencies /= constants.field_length
        self._phases = 2 * math.pi * np.array([draws.uniform("gap field", "phase", str(j)) for j in range(n)])
        self._amplitude = constants.field_deviation * math.sqrt(2 / n)

    def __call__(self, sites: Sites) -> Values:
        """The field at each composition, eV, shape (n,)."""
        if self._amplitude == 0.0:
            return np.zeros(len(sites.a))
        place = np.hstack([sites.a, sites.b, sites.x])
        return np.asarray(self._amplitude * np.cos(place @ self._frequencies + self._phases).sum(axis=1))
