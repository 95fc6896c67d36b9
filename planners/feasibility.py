"""Feasibility learned from refusals: near a refused candidate the chance that another can be made is small."""

import numpy as np
from numpy.typing import NDArray

from planners.protocols import Ask
from planners.spaces import Points, as_points, to_unit

REACH = 0.05
"""Standard deviation of the kernel, in unit coordinates: the smallest fraction that a dispenser refuses is of that
size, and a wider kernel would condemn good candidates beside a bad one."""

OPTIMISM = 1.0
"""Weight of the belief that what nobody has tried can be made: as much as one candidate made at the very place."""


def log_chance(ask: Ask, points: Points) -> NDArray[np.float64]:
    """Logarithm of the chance that each point can be made, shape (n,); all zero while nothing was refused.

    A kernel-weighted share of the made among made and refused neighbours, with optimism as a prior:
    (optimism + made) / (optimism + made + refused).

    Args:
        ask: The question, with what was made and what all bidders refused.
        points: Shape (n, d), in the parameters' units.
    """
    if not ask.refused:
        return np.zeros(len(points))
    refused_rows = {r.values for r in ask.refused}
    unit = to_unit(ask.space, points)
    refused = _weight(unit, to_unit(ask.space, as_points(ask.space, sorted(refused_rows))))
    made = _weight(unit, to_unit(ask.space, as_points(ask.space, sorted(set(ask.made) - refused_rows))))
    return np.asarray(np.log((OPTIMISM + made) / (OPTIMISM + made + refused)))


def _weight(points: Points, centers: Points) -> NDArray[np.float64]:
    squares = ((points[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(np.exp(-squares / (2 * REACH**2)).sum(axis=1))
