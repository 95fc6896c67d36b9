"""Stretching an outcome about what matters of it: a constraint is won or lost near its bounds.

[Eriksson2021] Eriksson, Poloczek, AISTATS 2021, arXiv:2002.08526 (bilog).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Warp:
    """sign(u) log(1 + |u|) with u = (y - center) / width [Eriksson2021]; a width of 0 leaves values as they are.

    Far from the center it compresses: a few outcomes that miss a bound by much do not set the scale of a model that
    must tell near misses from near hits.
    """

    center: float
    width: float

    def forth(self, values: Values) -> Values:
        """Outcomes as they are learned."""
        if not self.width:
            return values
        u = (values - self.center) / self.width
        return np.asarray(np.sign(u) * np.log1p(np.abs(u)))

    def back(self, warped: Values) -> Values:
        """The inverse of `forth`."""
        if not self.width:
            return warped
        # Beyond 50 the exponential is of no use to anybody, and soon no number.
        return np.asarray(self.center + self.width * np.sign(warped) * np.expm1(np.minimum(np.abs(warped), 50.0)))

    def slope(self, values: Values) -> Values:
        """The derivative of `forth` at outcomes."""
        if not self.width:
            return np.ones(len(values))
        return np.asarray(1.0 / (self.width + np.abs(values - self.center)))


STRAIGHT = Warp(0.0, 0.0)
"""Leaves outcomes as they are."""
