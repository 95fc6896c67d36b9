"""What a laboratory's work costs."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from lab_agents.records.base import FrozenMap, Name, Record

Price = Annotated[float, Field(ge=0)]


class Prices(Record):
    """Money for what is used: an `hour` of laboratory time, and a unit of each of the `consumables` (stocks too).

    A unit is that of the consumable's declaration (µL of a stock). What is not named costs nothing.
    """

    currency: str = Field(default="EUR", min_length=1, max_length=8)
    hour: Price = 0.0
    consumables: FrozenMap[Name, Price] = Field(default_factory=dict)

    def of(self, amounts: Mapping[str, float]) -> float:
        """What these amounts of consumables cost."""
        return sum(amount * self.consumables.get(name, 0.0) for name, amount in amounts.items())
