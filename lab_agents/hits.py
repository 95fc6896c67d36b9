"""How sure the conclusions on a sample are that it meets a target's constraints."""

import math
from collections.abc import Mapping

from lab_agents.records.target import Constraint, Target


def chance(constraint: Constraint, value: float, deviation: float) -> float:
    """The chance that a property lies within a constraint, if it is normal about `value` with `deviation` (> 0)."""
    below = 1.0 if constraint.upper is None else _below((constraint.upper - value) / deviation)
    short = 0.0 if constraint.lower is None else _below((constraint.lower - value) / deviation)
    return max(0.0, below - short)


def joint_chance(target: Target, conclusions: Mapping[str, tuple[float, float]]) -> float:
    """The chance that every constraint of `target` holds, their errors taken as independent.

    Args:
        target: Its constraints in their own units.
        conclusions: Value and one standard deviation by property, in the same units; a property that was not read, or
            not yet, meets nothing.

    Returns:
        1 for a target without constraints.
    """
    known = ((c, conclusions.get(c.property)) for c in target.constraints)
    return math.prod(0.0 if read is None else chance(c, *read) for c, read in known)


def is_hit(target: Target, conclusions: Mapping[str, tuple[float, float]]) -> bool:
    """Whether the conclusions state every constraint with the target's confidence."""
    return joint_chance(target, conclusions) >= target.confidence


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
