"""Finding the best point of many dimensions: a population that learns along which directions the good points lie.

[Storn1997] Storn, Price, J. Global Optim. 11, 341 (1997).
"""

import numpy as np
from numpy.typing import NDArray

from lab_agents.records.space import DesignSpace
from planners.search import Score
from planners.seeds import keyed_generator, keyed_seed
from planners.spaces import Points, bounds, groups, project, spread_points

N_SPREAD = 1024
"""Sobol points from which the first population is taken."""

N_POPULATION, N_ROUNDS = 48, 30
"""Points that evolve, and how often each is challenged; half of either loses a tenth of the gain in nine dimensions."""

STRIDES = (0.3, 0.9)
"""Shares of a difference between two members that a child goes [Storn1997]."""

STEPS = (1e-3, 0.15)
"""Smallest and largest width of the other children's steps, in unit coordinates."""


def evolve(space: DesignSpace, score: Score, starts: Points, seed: int) -> Points:
    """The point of a continuous space with the highest score found, shape (d,).

    Differential evolution [Storn1997]: differences between fractions that sum to one sum to zero, so that children lie
    on the simplices of their parents, and along a narrow ridge the differences point along it. Every second child goes
    a random step instead, for where the population has collapsed. A child keeps each simplex and each other parameter
    of its parent with a chance of one half. Whatever leaves the space is projected onto it.

    Args:
        space: A space without a pool.
        score: What to maximize.
        starts: Points worth a look besides the Sobol points (the best observed), shape (n, d).
        seed: Of the Sobol points and of the children.
    """
    generator = keyed_generator(seed, "children")
    points = np.concatenate([spread_points(space, N_SPREAD, keyed_seed(seed, "spread")), project(space, starts)])
    scores = score(points)
    best = np.argsort(-scores, kind="stable")[:N_POPULATION]
    points, scores = points[best], scores[best]
    for _ in range(N_ROUNDS):
        children = _children(space, points, generator)
        challenged = score(children)
        won = challenged > scores
        points, scores = np.where(won[:, None], children, points), np.where(won, challenged, scores)
    return np.asarray(points[scores.argmax()])


def _children(space: DesignSpace, parents: Points, generator: np.random.Generator) -> Points:
    n = len(parents)
    pairs = generator.permuted(np.tile(np.arange(n), (n, 1)), axis=1)[:, :2]
    strides = generator.uniform(*STRIDES, size=(n, 1)) * (parents[pairs[:, 0]] - parents[pairs[:, 1]])
    lower, upper = bounds(space)
    widths = STEPS[0] * (STEPS[1] / STEPS[0]) ** generator.random((n, 1))
    steps = widths * generator.normal(size=parents.shape) * (upper - lower)
    moved = np.where(generator.random((n, 1)) < 0.5, steps, strides)
    return project(space, parents + moved * _mask(space, n, generator))


def _mask(space: DesignSpace, n: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which parameters of each child change, shape (n, d): whole simplices together."""
    blocks = groups(space)
    grouped = {column for block in blocks for column in block}
    blocks = [*blocks, *([column] for column in range(len(space.parameters)) if column not in grouped)]
    mask = np.zeros((n, len(space.parameters)), dtype=bool)
    for block in blocks:
        mask[:, block] = generator.random((n, 1)) < 0.5
    return mask
