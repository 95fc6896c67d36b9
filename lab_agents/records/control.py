"""Control films: one recipe made again and again, to see whether the laboratory makes and measures what it did."""

import re

from pydantic import Field

from lab_agents.records.base import FrozenMap, Identifier, Name, Record

_CONTROL = re.compile(r"control-[a-z][a-z0-9_]*-\d+")


class ControlLimits(Record):
    """What is expected of one property of the control films, or of one number that is read of a standard.

    Attributes:
        deviation: Standard deviation of one control in order, in the property's unit, from controls made before (twenty
            are the custom). Of a control film it holds the scatter of making films and of measuring them together; of
            a standard also what may change before it matters, such as the ageing of a lamp.
        value: The mean of such controls, in the same unit. Without one the first control is the reference.
        unit: Of both.
    """

    deviation: float = Field(gt=0)
    value: float | None = None
    unit: str = "1"


class Controls(Record):
    """A film of the fixed `recipe` with the first and then with each `every`th batch, and what to watch of it.

    `recipe` has a value for each parameter of the campaign's design space, in its unit.
    """

    every: int = Field(default=5, ge=1, le=1000)
    recipe: FrozenMap[str, float] = Field(min_length=1)
    properties: FrozenMap[Name, ControlLimits] = Field(min_length=1)

    def is_due(self, batch: int) -> bool:
        """Whether a control film goes with a batch, counted from 1."""
        return (batch - 1) % self.every == 0


def control_id(campaign: str, batch: int) -> Identifier:
    """The id of the control film that goes with a batch: `control-<campaign>-0001` and so on."""
    return f"control-{campaign}-{batch:04d}"


def is_control(sample: str) -> bool:
    """Whether a sample's id is that of a control film; names of campaigns have no hyphen, so candidates' never are."""
    return _CONTROL.fullmatch(sample) is not None
