"""What a campaign is after."""

import builtins
from typing import Literal

from pydantic import Field, model_validator

from lab_agents.records.base import Name, Record


class Constraint(Record):
    """What a property must be besides: between `lower` and `upper` (inclusive, in `unit`; None leaves that side open).

    `unit` is the unit of every observation of the property; analysis must deliver it.
    """

    property: Name
    lower: float | None = None
    upper: float | None = None
    unit: str = "1"

    @model_validator(mode="after")
    def _check_bounds(self) -> "Constraint":
        if self.lower is None and self.upper is None:
            raise ValueError(f"the constraint on {self.property} has neither a lower nor an upper bound")
        if self.lower is not None and self.upper is not None and not self.lower < self.upper:
            raise ValueError(f"the constraint on {self.property}: lower {self.lower} must be below upper {self.upper}")
        return self

    def is_met_by(self, value: float) -> bool:
        """Whether a value of the property, in the constraint's unit, keeps both bounds."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)


class Target(Record):
    """The property wanted, the direction in which it is better, and what other properties must be besides.

    `unit` is the unit of every observation of the property; analysis must deliver it. Where `parameter` is set, the
    objective is that parameter of the design space as it was made: `property` only names it, it is known up to its
    deviation and never measured. A sample is a hit where all `constraints` hold with a joint probability of at least
    `confidence`.
    """

    property: Name
    direction: Literal["minimize", "maximize"]
    unit: str = "1"
    parameter: str | None = Field(default=None, min_length=1, max_length=60)
    constraints: tuple[Constraint, ...] = ()
    confidence: float = Field(default=0.9, gt=0, lt=1)

    @model_validator(mode="after")
    def _check_constraints(self) -> "Target":
        names = [c.property for c in self.constraints]
        if len(set(names)) != len(names):
            raise ValueError(f"a property has two constraints in {names}; give one with both bounds")
        if self.parameter is not None and self.property in names:
            raise ValueError(f"{self.property} is the parameter {self.parameter} as made and cannot be a constraint")
        if any(c.property == self.property and c.unit != self.unit for c in self.constraints):
            raise ValueError(f"the constraint on {self.property} must be in the target's unit {self.unit}")
        return self

    @builtins.property  # the field of this name hides the plain one from type checkers
    def sign(self) -> float:
        """+1 where larger is better, -1 where smaller is: multiply a value by it and maximize."""
        return 1.0 if self.direction == "maximize" else -1.0

    @builtins.property
    def properties(self) -> tuple[str, ...]:
        """Every property that must be measured: the objective's first unless it is a parameter, each once."""
        own = () if self.parameter is not None else (self.property,)
        return (*own, *(c.property for c in self.constraints if c.property not in own))

    @builtins.property
    def units(self) -> dict[str, str]:
        """The unit of every property that must be measured."""
        own = {} if self.parameter is not None else {self.property: self.unit}
        return own | {c.property: c.unit for c in self.constraints}
