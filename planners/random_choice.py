"""The random planner: the yardstick that every other planner must beat."""

from collections.abc import Mapping, Sequence

from lab_agents.records.recipe import Argument
from planners.protocols import Ask, Scored
from planners.questions import choices, no_settings
from planners.seeds import keyed_generator
from planners.spaces import random_points, to_candidate


class RandomPlanner:
    """Draws candidates uniformly: from what is left of the pool, or from the continuous space."""

    name = "random"

    def __init__(self, settings: Mapping[str, Argument] | None = None) -> None:
        no_settings(self.name, settings)

    def propose(self, ask: Ask) -> Sequence[Scored]:
        """Up to `ask.n` candidates without an order of merit."""
        generator = keyed_generator(ask.seed, ask.number, "random")
        left = choices(ask)
        if left is None:
            points = random_points(ask.space, ask.n, generator)
        else:
            points = left[generator.permutation(len(left))[: ask.n]]
        return [Scored(to_candidate(ask.space, point)) for point in points]
