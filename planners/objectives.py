"""Numbers to learn from, and the objective: the target's property with larger always better."""

import numpy as np

from lab_agents.records.target import Target
from planners.protocols import Ask
from planners.questions import sorted_observations
from planners.spaces import as_points, to_unit
from planners.surrogates import Data


def orientation(target: Target, name: str) -> float:
    """What a property is multiplied by before it is learned: the target's sign for the objective, else +1."""
    return target.sign if name == target.property and target.parameter is None else 1.0


def training_data(ask: Ask, name: str) -> Data:
    """What was read of the property `name`, sorted by sample: unit coordinates as made, oriented values, deviations."""
    read = [(o.values, o.outcomes[name]) for o in sorted_observations(ask) if name in o.outcomes]
    return Data(
        inputs=to_unit(ask.space, as_points(ask.space, [values for values, _ in read])),
        values=orientation(ask.target, name) * np.array([o.value for _, o in read], dtype=np.float64),
        deviations=np.array([o.deviation for _, o in read], dtype=np.float64),
    )


def in_target_unit(target: Target, objective: float) -> float:
    """A value of the property from a value of the objective."""
    return target.sign * objective
