"""The shape of diffraction lines: pseudo-Voigt functions on a regular grid.

A line is a Lorentzian and a Gaussian of one full width H, mixed by a share that each phase has for itself: minor phases
with broad lines would be misjudged by a tenth if their shape followed from the instrument's. Squared widths add:
H² = U tan²θ + V tan θ + W (the instrument, Caglioti, Nucl. Instrum. 3, 223, 1958) + (X / cos θ)² (crystallite size,
Scherrer) + (Y tan θ)² (microstrain).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.diffraction.pattern import Array


@dataclass(frozen=True)
class Lines:
    """Lines of unit area on the grid; derivatives are worked out when they are asked for.

    Attributes:
        index: Grid points, shape (lines, reach), beyond the grid's ends moved to a spare point at its end.
        distance: From the line's middle, in widths, shape (lines, reach).
        width: Full widths at half maximum, degrees, shape (lines, 1).
        gauss: The Gaussian there, 1/degree.
        cauchy: The Lorentzian there, 1/degree.
        share: Of the Lorentzian.
        size: Points of the grid.
    """

    index: NDArray[np.int64]
    distance: Array
    width: Array
    gauss: Array
    cauchy: Array
    share: float
    size: int

    @cached_property
    def value(self) -> Array:
        """Profile, 1/degree, shape (lines, reach)."""
        return np.asarray(self.gauss + self.share * (self.cauchy - self.gauss), dtype=float)

    @cached_property
    def _steep(self) -> Array:
        """Fall of the profile by the squared distance, halved."""
        bell = 8 * self.share * self.cauchy / (1 + 4 * self.distance**2)
        return np.asarray(bell + 8 * np.log(2) * (1 - self.share) * self.gauss, dtype=float)

    @cached_property
    def _slope(self) -> Array:
        """Derivative of the profile by the line's position."""
        return np.asarray(self._steep * self.distance / self.width, dtype=float)

    def summed(self, area: Array) -> Array:
        """The pattern of these lines with areas of shape (lines,)."""
        return self._sum(area[:, None] * self.value)

    def shifted(self, move: Array) -> Array:
        """Change of the pattern as each line moves by `move`: degrees, times its area."""
        return self._sum(move[:, None] * self._slope)

    @cached_property
    def _stretch(self) -> Array:
        """Derivative of the profile by the line's width."""
        return np.asarray((self._steep * self.distance**2 - self.value) / self.width, dtype=float)

    def widened(self, width: Array) -> Array:
        """Change of the pattern as each line's width grows by `width`: degrees, times its area."""
        return self._sum(width[:, None] * self._stretch)

    def mixed(self, area: Array) -> Array:
        """Derivative of the pattern by the Lorentzian share, which all its lines have in common."""
        return self._sum(area[:, None] * (self.cauchy - self.gauss))

    def _sum(self, weights: Array) -> Array:
        summed = np.bincount(self.index.ravel(), weights.ravel(), self.size + 1)[: self.size]
        return np.asarray(summed, dtype=float)


def draw_lines(grid: Array, position: Array, width: Array, share: float, reach: float) -> Lines:
    """Pseudo-Voigt lines on a regular grid.

    Args:
        grid: Two-theta in degrees, equal steps, shape (n,).
        position: Of the lines, degrees, shape (lines,).
        width: Full widths at half maximum, degrees.
        share: Lorentzian share of all lines, 0 to 1.
        reach: How far from its middle a line is drawn, degrees.
    """
    step = float(grid[1] - grid[0])
    n = len(grid)
    half = min(n, int(reach / step) + 1)
    middle = np.rint((position - grid[0]) / step).astype(np.int64)
    index = middle[:, None] + np.arange(-half, half + 1)
    distance = (grid[0] + step * index - position[:, None]) / width[:, None]
    index = np.where((index < 0) | (index >= n), n, index)
    squared = 4 * distance**2
    gauss = np.exp(-np.log(2) * squared) * (2 * np.sqrt(np.log(2) / np.pi) / width)[:, None]
    cauchy = (2 / np.pi / width)[:, None] / (1 + squared)
    return Lines(index, distance, width[:, None], gauss, cauchy, share, n)
