"""Points that fill the space: what a campaign begins with, and a planner of its own.

[Johnson1990] Johnson, Moore, Ylvisaker, J. Stat. Plan. Inference 26, 131 (1990).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from lab_agents.records.recipe import Argument
from planners.protocols import Ask, Scored
from planners.questions import choices, no_settings, taken
from planners.seeds import keyed_generator, keyed_seed
from planners.spaces import Points, spread_points, to_candidate, to_unit

N_DESIGNS = 64
"""Random designs compared. Farthest-point search, its limit for many designs, sits on the corners, where a surrogate
learns least; a few dozen designs keep points apart and inside."""

N_SPREAD = 512
"""Sobol points that stand for a continuous space."""


class SpaceFillingPlanner:
    """Keeps candidates far from one another and from all that was made (maximin distance [Johnson1990])."""

    name = "space_filling"

    def __init__(self, settings: Mapping[str, Argument] | None = None) -> None:
        no_settings(self.name, settings)

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """Up to `ask.n` candidates, spread out in unit coordinates."""
        return [Scored(to_candidate(ask.space, point)) for point in fill(ask, ask.n)]


def fill(ask: Ask, n: int) -> Points:
    """The best of `N_DESIGNS` random designs by maximin distance, in unit coordinates.

    Args:
        ask: The question; what was made, is pending or was refused counts as occupied.
        n: Number of points.

    Returns:
        Shape (up to n, d), in the parameters' units; fewer where the pool has fewer left.
    """
    left = choices(ask)
    if left is None:
        left = spread_points(ask.space, max(N_SPREAD, n), keyed_seed(ask.seed, ask.number, "spread"))
    if len(left) <= n:
        return left
    unit, occupied = to_unit(ask.space, left), to_unit(ask.space, taken(ask))
    generator = keyed_generator(ask.seed, ask.number, "fill")
    designs = [generator.choice(len(left), size=n, replace=False) for _ in range(N_DESIGNS)]
    return left[max(designs, key=lambda design: _smallest_distance(unit[design], occupied))]


def _smallest_distance(design: Points, occupied: Points) -> float:
    """The smallest distance within a design and from it to what is occupied."""
    others = np.concatenate([design, occupied])
    distances = np.linalg.norm(design[:, None, :] - others[None, :, :], axis=2)
    distances[np.arange(len(design)), np.arange(len(design))] = np.inf
    return float(distances.min())
