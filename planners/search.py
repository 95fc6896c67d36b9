"""Finding the best point of a continuous space: a cloud of points that narrows around the best ones."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lab_agents.records.space import DesignSpace
from planners.seeds import keyed_generator, keyed_seed
from planners.spaces import Points, bounds, project, spread_points

Score = Callable[[Points], NDArray[np.float64]]
"""Points of shape (n, d), in the parameters' units, to scores of shape (n,); larger is better."""

N_SPREAD = 512
"""Sobol points that look for every hill: in four dimensions about five along each axis."""

N_KEPT, N_AROUND = 4, 32
"""Hills that are followed, and new points around each in every round."""

WIDTHS = (0.1, 0.03, 0.01, 0.003)
"""Widths of the rounds in unit coordinates; below the last no dispenser tells candidates apart."""


def best_point(space: DesignSpace, score: Score, starts: Points, seed: int) -> Points:
    """The point of a continuous space with the highest score found, shape (d,).

    Every point that is scored lies in the space: new ones are projected onto it, so a simplex needs no penalty.

    Args:
        space: A box or a simplex without a pool.
        score: What to maximize.
        starts: Points worth a look besides the Sobol points (the best observed), shape (n, d).
        seed: Of the Sobol points and of the steps.
    """
    generator = keyed_generator(seed, "steps")
    points = np.concatenate([spread_points(space, N_SPREAD, keyed_seed(seed, "spread")), project(space, starts)])
    scores = score(points)
    lower, upper = bounds(space)
    for width in WIDTHS:
        kept = np.argsort(-scores, kind="stable")[:N_KEPT]
        steps = generator.normal(scale=width, size=(N_AROUND, *points[kept].shape)) * (upper - lower)
        fresh = project(space, (points[kept] + steps).reshape(-1, points.shape[1]))
        points, scores = np.concatenate([points[kept], fresh]), np.concatenate([scores[kept], score(fresh)])
    return np.asarray(points[scores.argmax()])
