"""Fractions that sum to one between bounds: the nearest ones, and ones spread evenly.

[Rosenblatt1952] Rosenblatt, Ann. Math. Stat. 23, 470 (1952).
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Fractions = NDArray[np.float64]
"""Shape (n, k): one row a mixture of k parts."""

HALVINGS = 80
"""Halves an interval of order one down to the resolution of doubles."""

MOST_EXACT = 10
"""Parts up to which volumes are summed exactly: the sum has 2^k terms of changing sign, which lose digits beyond."""


def project_fractions(points: Fractions, lower: Fractions, upper: Fractions) -> Fractions:
    """The nearest fractions between the bounds that sum to one, shape (n, k).

    The Euclidean projection is `clip(x - s, lower, upper)` with the one shift `s` for which the sum is one. The sum
    falls with `s` along straight pieces that end where a fraction meets a bound, so that `s` lies on a line between
    two of these ends.
    """
    ends = np.sort(np.concatenate([points - upper, points - lower], axis=1), axis=1)
    sums = np.clip(points[:, None, :] - ends[:, :, None], lower, upper).sum(axis=2)
    rows, right = np.arange(len(points)), np.clip((sums > 1.0).sum(axis=1), 1, ends.shape[1] - 1)
    start, falls = sums[rows, right - 1], sums[rows, right - 1] - sums[rows, right]
    share = np.clip((start - 1.0) / np.where(falls > 0, falls, 1.0), 0.0, 1.0)
    shift = ends[rows, right - 1] + share * (ends[rows, right] - ends[rows, right - 1])
    return _sum_to_one(np.asarray(np.clip(points - shift[:, None], lower, upper)), lower, upper)


def fractions_from_cube(cube: Fractions, lower: Fractions, upper: Fractions) -> Fractions:
    """Points of the unit cube, shape (n, k - 1), as fractions, shape (n, k): evenly spread points stay evenly spread.

    One fraction after another is taken from its distribution given the former ones [Rosenblatt1952], so that uniform
    points become uniform on what the bounds leave of the simplex. With more than `MOST_EXACT` parts the upper bounds
    are left aside, and what exceeds them is projected.
    """
    room = upper - lower
    if len(room) > MOST_EXACT:
        room = np.full(len(room), 1.0 - lower.sum())
    left = np.full(len(cube), 1.0 - lower.sum())
    parts = np.zeros((len(cube), len(room)))
    for column in range(len(room) - 1):
        parts[:, column] = _take(cube[:, column], left, room[column], room[column + 1 :])
        left = left - parts[:, column]
    parts[:, -1] = left
    return project_fractions(lower + parts, lower, upper)


def _take(chance: Fractions, left: Fractions, room: float, others: Fractions) -> Fractions:
    """The part, up to `room`, below which lies the share `chance` of all ways to divide `left` with the others."""
    low, high = np.clip(left - others.sum(), 0.0, None), np.minimum(room, left)
    whole = _ways(left - low, others) - _ways(left - high, others)
    start, bottom, top = _ways(left - low, others), low, np.maximum(low, high)
    for _ in range(HALVINGS):
        middle = (bottom + top) / 2
        is_below = start - _ways(left - middle, others) < chance * whole
        bottom, top = np.where(is_below, middle, bottom), np.where(is_below, top, middle)
    return np.asarray((bottom + top) / 2)


def _ways(left: Fractions, room: Fractions) -> Fractions:
    """Volume of all parts within `room` whose sum is at most `left`, by inclusion and exclusion, times k!."""
    k = len(room)
    if np.all(room >= left.max(initial=0.0)):
        return np.asarray(left**k)
    total = np.zeros(len(left))
    for size in range(k + 1):
        for chosen in combinations(range(k), size):
            total += (-1) ** size * np.clip(left - room[list(chosen)].sum(), 0.0, None) ** k
    return total


def _sum_to_one(points: Fractions, lower: Fractions, upper: Fractions) -> Fractions:
    """Put the last rounding error on the coordinate with the most room, so that no bound is broken."""
    room = np.minimum(points - lower, upper - points)
    rows, widest = np.arange(len(points)), room.argmax(axis=1)
    repaired = points.copy()
    repaired[rows, widest] += 1.0 - points.sum(axis=1)
    return np.asarray(np.clip(repaired, lower, upper))
