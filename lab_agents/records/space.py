"""Where candidates come from."""

from collections.abc import Mapping
from itertools import chain

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
    """Parameters, which of them are fractions of one whole, and the pool of candidates if there is one.

    Each group of `simplices` names parameters whose values sum to one: the fractions of a mixture, or of the atoms on
    one site of a crystal. No parameter is in two groups. `pool` names the blob (JSON, a list of lists of numbers in the
    order of `parameters`) that candidates must be taken from.
    """

    parameters: tuple[Parameter, ...] = Field(min_length=1, max_length=32)
    simplices: tuple[tuple[str, ...], ...] = ()
    pool: Sha256 | None = None

    @property
    def is_mixture(self) -> bool:
        """Whether every parameter is a fraction of one whole."""
        return len(self.simplices) == 1 and len(self.simplices[0]) == len(self.parameters)

    @model_validator(mode="after")
    def _check_parameters(self) -> "DesignSpace":
        names = [p.name for p in self.parameters]
        if len(set(names)) != len(names):
            raise ValueError(f"parameters are named twice in {names}")
        grouped = list(chain.from_iterable(self.simplices))
        if len(set(grouped)) != len(grouped):
            raise ValueError(f"a parameter is in two simplices, or twice in one, in {self.simplices}")
        by_name = {p.name: p for p in self.parameters}
        for group in self.simplices:
            _check_simplex(group, by_name)
        return self


def _check_simplex(group: tuple[str, ...], parameters: Mapping[str, Parameter]) -> None:
    """Raises ValueError unless the group's fractions can sum to one."""
    unknown = [name for name in group if name not in parameters]
    if unknown or len(group) < 2:
        what = f"names {', '.join(unknown)}" if unknown else "has fewer than two fractions"
        raise ValueError(f"the simplex ({', '.join(group)}) {what}; the parameters are {', '.join(parameters)}")
    members = [parameters[name] for name in group]
    units = sorted({p.unit for p in members})
    if units != ["1"]:
        raise ValueError(f"the simplex ({', '.join(group)}) has units {', '.join(units)}; fractions have the unit 1")
    lowest, highest = sum(p.lower for p in members), sum(p.upper for p in members)
    if lowest > 1 or highest < 1 or any(p.lower < 0 for p in members):
        raise ValueError(
            f"the simplex is empty: fractions ({', '.join(group)}) can sum to {lowest:g} at least and {highest:g} at "
            "most, not to 1, and none may be negative"
        )


class Candidate(Record):
    """One point that could be made: a value for each parameter of the design space, in its unit."""

    values: FrozenMap[str, float]
