"""The shape of diffraction lines: pseudo-Voigt functions on a regular grid.

Widths by Caglioti and Scherrer, combined by [Thompson1987]: the Gaussian part H_G² = U tan²θ + V tan θ + W is the
instrument's, the Lorentzian part H_L = X / cos θ + Y tan θ the sample's (crystallite size and microstrain) and what the
instrument adds to it; both become the width and the Lorentzian share of one pseudo-Voigt.

[Thompson1987] Thompson, Cox and Hastings, J. Appl. Cryst. 20, 79.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.diffraction.pattern import Array

NARROWEST = 1e-6
"""Least squared Gaussian width (deg²): U and V may push the sum below zero in a trial step of the fit."""


def combine_widths(gaussian: Array, lorentzian: Array) -> tuple[Array, Array]:
    """Full width at half maximum and Lorentzian share (0 to 1) of the pseudo-Voigt [Thompson1987].

    Args:
        gaussian: Full widths of the Gaussian parts, degrees.
        lorentzian: Those of the Lorentzian parts, degrees.
    """
    g, r = gaussian, lorentzian
    fifth = g**5 + 2.69269 * g**4 * r + 2.42843 * g**3 * r**2 + 4.47163 * g**2 * r**3 + 0.07842 * g * r**4 + r**5
    width = fifth**0.2
    share = r / width
    return width, np.clip(1.36603 * share - 0.47719 * share**2 + 0.11116 * share**3, 0, 1)


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

    def reshaped(self, width: Array, share: Array) -> Array:
        """Change of the pattern as widths and Lorentzian shares change by these: each times the line's area."""
        return self._sum(width[:, None] * self.stretch + share[:, None] * self.sharing)

    def _sum(self, weights: Array) -> Array:
        return np.bincount(self.index.ravel(), weights.ravel(), self.size + 1)[: self.size]


def draw_lines(grid: Array, position: Array, width: Array, share: Array, reach: float) -> Lines:
    """Pseudo-Voigt lines on a regular grid.

    Args:
        grid: Two-theta in degrees, equal steps, shape (n,).
        position: Of the lines, degrees, shape (lines,).
        width: Full widths at half maximum, degrees.
        share: Lorentzian shares.
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
    eta = share[:, None]
    value = eta * cauchy + (1 - eta) * gauss
    steep = eta * cauchy * bell * 8 + (1 - eta) * gauss * 8 * np.log(2)
    slope = steep * distance / width[:, None]
    stretch = (steep * distance**2 - value) / width[:, None]
    return Lines(index, value, slope, stretch, cauchy - gauss, n)
