"""What a campaign is after."""

import builtins
from typing import Literal

from lab_agents.records.base import Name, Record


class Target(Record):
    """The property wanted and the direction in which it is better.

    `unit` is the unit of every observation of the property; analysis must deliver it.
    """

    property: Name
    direction: Literal["minimize", "maximize"]
    unit: str = "1"

    @builtins.property  # the field of this name hides the plain one from type checkers
    def sign(self) -> float:
        """+1 where larger is better, -1 where smaller is: multiply a value by it and maximize."""
        return 1.0 if self.direction == "maximize" else -1.0
