"""The objective: the target's property with larger always better."""

import numpy as np

from lab_agents.records.target import Target
from planners.protocols import Ask
from planners.questions import sorted_observations
from planners.spaces import as_points, to_unit
from planners.surrogates import Data


def training_data(ask: Ask) -> Data:
    """Observations sorted by sample: unit coordinates as made, objective and deviations in the target's unit."""
    observations = sorted_observations(ask)
    return Data(
        inputs=to_unit(ask.space, as_points(ask.space, [o.values for o in observations])),
        values=ask.target.sign * np.array([o.value for o in observations], dtype=np.float64),
        deviations=np.array([o.deviation for o in observations], dtype=np.float64),
    )


def in_target_unit(target: Target, objective: float) -> float:
    """A value of the property from a value of the objective."""
    return target.sign * objective
