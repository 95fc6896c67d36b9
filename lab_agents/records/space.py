"""Where candidates come from."""

from pydantic import Field, model_validator

from lab_agents.records.base import FrozenMap, Record, Sha256


class Parameter(Record):
    """One input of the design space with its inclusive range, in `unit`."""

    name: str = Field(min_length=1, max_length=60)
    lower: float
    upper: float
    unit: str = "1"

    @model_validator(mode="after")
    def _check_range(self) -> "Parameter":
        if not self.lower < self.upper:
            raise ValueError(f"parameter {self.name}: lower {self.lower} must be below upper {self.upper}")
        return self


class DesignSpace(Record):
    """Parameters, whether they are fractions that sum to one, and the pool of candidates if there is one.

    With `simplex` every parameter is a fraction of the whole and a candidate's values sum to one. `pool` names the
    blob (JSON, a list of lists of numbers in the order of `parameters`) that candidates must be taken from.
    """

    parameters: tuple[Parameter, ...] = Field(min_length=1, max_length=32)
    simplex: bool = False
    pool: Sha256 | None = None

    @model_validator(mode="after")
    def _check_parameters(self) -> "DesignSpace":
        names = [p.name for p in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError(f"parameters are named twice in {names}")
        if self.simplex:
            lowest, highest = sum(p.lower for p in self.parameters), sum(p.upper for p in self.parameters)
            if lowest > 1 or highest < 1 or any(p.lower < 0 for p in self.parameters):
                raise ValueError(
                    f"the simplex is empty: fractions can sum to {lowest:g} at least and {highest:g} at most, not to 1"
                )
        return self


class Candidate(Record):
    """One point that could be made: a value for each parameter of the design space, in its unit."""

    values: FrozenMap[str, float]
