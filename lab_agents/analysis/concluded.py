"""What an analysis hands back."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Concluded:
    """A value with one standard deviation (> 0), in the unit of the instrument's scale; `analysis` concluded it."""

    value: float
    deviation: float
    analysis: str
