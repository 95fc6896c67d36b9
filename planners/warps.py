"""Stretching an outcome about what matters of it: a constraint is won or lost near its bounds.

[Eriksson2021] Eriksson, Poloczek, AISTATS 2021, arXiv:2002.08526 (bilog).
[Aitchison1986] Aitchison, The Statistical Analysis of Compositional Data, Chapman and Hall (1986) (logit of shares).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

EDGE = 0.01
"""How far beyond 0 and 1 a measured share may lie before it is cut off: what is lost in the noise of most instruments.
Smaller ones let a share of 0.999 pull as hard as all others together."""


class Warp(Protocol):
    """A monotonic function of an outcome; all of shape (n,)."""

    def forth(self, values: Values) -> Values:
        """Outcomes as they are learned."""
        ...

    def back(self, warped: Values) -> Values:
        """The inverse of `forth`."""
        ...

    def slope(self, values: Values) -> Values:
        """The derivative of `forth` at outcomes."""
        ...

    def to_numbers(self) -> Values:
        """The warp as data, for `recall_warp`."""
        ...


@dataclass(frozen=True)
class Bilog:
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

    def to_numbers(self) -> Values:
        """Center and width."""
        return np.array([self.center, self.width])


@dataclass(frozen=True)
class Logit:
    """log((y + e) / (1 + e - y)) with e = `EDGE`, for shares between 0 and 1 [Aitchison1986].

    What a share loses to several causes is a product, whose logarithm is a sum, and a noise that is the same
    everywhere says less near 0 and 1.
    """

    def forth(self, values: Values) -> Values:
        """Outcomes as they are learned."""
        within = np.clip(values, -EDGE / 2, 1.0 + EDGE / 2)
        return np.asarray(np.log((within + EDGE) / (1.0 + EDGE - within)))

    def back(self, warped: Values) -> Values:
        """The inverse of `forth`."""
        return np.asarray((1.0 + 2.0 * EDGE) / (1.0 + np.exp(-np.clip(warped, -50.0, 50.0))) - EDGE)

    def slope(self, values: Values) -> Values:
        """The derivative of `forth` at outcomes."""
        within = np.clip(values, -EDGE / 2, 1.0 + EDGE / 2)
        return np.asarray(1.0 / (within + EDGE) + 1.0 / (1.0 + EDGE - within))

    def to_numbers(self) -> Values:
        """Nothing to tell."""
        return np.zeros(0)


STRAIGHT = Bilog(0.0, 0.0)
"""Leaves outcomes as they are."""


def recall_warp(numbers: Values) -> Warp:
    """The warp that `Warp.to_numbers` told of."""
    return Bilog(*(float(x) for x in numbers)) if len(numbers) else Logit()
