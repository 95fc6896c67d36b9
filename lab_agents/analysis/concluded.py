"""What an analysis hands back: values with their uncertainty, and properties that the record does not give."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Concluded:
    """A property's value with one standard deviation (> 0), both in `unit`; `analysis` concluded it.

    Raises:
        ValueError: If the value is not finite, or the deviation is not a positive number.
    """

    property: str
    value: float
    deviation: float
    unit: str
    analysis: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or not 0 < self.deviation < math.inf:
            raise ValueError(f"{self.property} = {self.value} ± {self.deviation} {self.unit} is no conclusion.")


@dataclass(frozen=True)
class Missing:
    """A property that the record does not give, and why: there is no gap to read, the sheet is over range."""

    property: str
    reason: str


@dataclass(frozen=True)
class Conclusions:
    """All that a record says; each property stands in one of the two, once.

    Raises:
        ValueError: If a property stands there twice, or nothing at all.
    """

    values: tuple[Concluded, ...] = ()
    missing: tuple[Missing, ...] = ()

    def __post_init__(self) -> None:
        names = [*(c.property for c in self.values), *(m.property for m in self.missing)]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"Conclusions name each property once, and at least one; these name {names or 'none'}.")
