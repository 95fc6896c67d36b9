"""The shape of diffraction lines: pseudo-Voigt functions on a regular grid.

A line is a Lorentzian and a Gaussian of one full width H, mixed by a share that each phase has for itself: minor phases
with broad lines would be misjudged by a tenth if their shape followed from the instrument's. Squared widths add:
H² = U tan²θ + V tan θ + W (the instrument, Caglioti, Nucl. Instrum. 3, 223, 1958) + (X / cos θ)² (crystallite size,
Scherrer) + (Y tan θ)² (microstrain).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.diffraction.pattern import Array


@dataclass(frozen=True)
class Lines:
    """Lines of unit area on the grid.

    Attributes:
        index: Grid points, shape (lines, reach), beyond the grid's ends moved to a spare point at its end.
        value: Profile there, 1/degree.
        slope: Its derivative by the line's position.
        stretch: Its derivative by the line's width.
        sharing: Its derivative by the Lorentzian share.
        size: Points of the grid.
    """

    index: NDArray[np.int64]
    value: Array
    slope: Array
    stretch: Array
    sharing: Array
    size: int

    def summed(self, area: Array) -> Array:
        """The pattern of these lines with areas of shape (lines,)."""
        return self._sum(area[:, None] * self.value)

    def shifted(self, move: Array) -> Array:
        """Change of the pattern as each line moves by `move`: degrees, times its area."""
        return self._sum(move[:, None] * self.slope)

    def widened(self, width: Array) -> Array:
        """Change of the pattern as each line's width grows by `width`: degrees, times its area."""
        return self._sum(width[:, None] * self.stretch)

    def mixed(self, area: Array) -> Array:
        """Derivative of the pattern by the Lorentzian share, which all its lines have in common."""
        return self._sum(area[:, None] * self.sharing)

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
    gauss = np.exp(-4 * np.log(2) * distance**2) * (2 * np.sqrt(np.log(2) / np.pi) / width)[:, None]
    bell = 1 / (1 + 4 * distance**2)
    cauchy = bell * (2 / np.pi / width)[:, None]
    value = share * cauchy + (1 - share) * gauss
    steep = share * cauchy * bell * 8 + (1 - share) * gauss * 8 * np.log(2)
    slope = steep * distance / width[:, None]
    stretch = (steep * distance**2 - value) / width[:, None]
    return Lines(index, value, slope, stretch, cauchy - gauss, n)
