"""Where things stand, and what is used up."""

from typing import Literal

from pydantic import Field

from lab_agents.records.base import Name, Record


class Place(Record):
    """One slot that holds at most one sample. A `buffer` is where a sample may wait as long as it likes.

    `instrument` is what acts on the thing that stands there.
    """

    name: Name
    kind: Name
    service: Name
    is_buffer: bool = False
    instrument: Name | None = None


class Consumable(Record):
    """A stock that work uses up. `used_by` is the agent that draws on it; amounts are in `unit`.

    `amount` is a full tray. With no more than `low` left a person is asked to load it; without it nobody is.
    """

    name: Name
    used_by: Name
    amount: float = Field(ge=0)
    unit: Literal["µL", "piece"]
    lot: str = ""
    low: float | None = Field(default=None, ge=0)
