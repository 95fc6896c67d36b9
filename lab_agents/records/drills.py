"""Drills of the emergency stop, as a lab file asks for them."""

import re
from datetime import datetime, timedelta

from pydantic import Field, field_validator

from lab_agents.records.base import Record

_INTERVAL = re.compile(r"([1-9][0-9]{0,3}) (h|d|w)")
_HOURS = {"h": 1, "d": 24, "w": 168}


class Drills(Record):
    """How often the emergency stop is to be tried, in wall time (`12 h`, `7 d`, `4 w`), and who sees to it."""

    every: str
    person: str = Field(min_length=1, max_length=80)

    @field_validator("every")
    @classmethod
    def _check_every(cls, every: str) -> str:
        if _INTERVAL.fullmatch(every) is None:
            raise ValueError(f"{every!r} is no interval; write a whole number and h, d or w, such as 7 d")
        return every

    @property
    def interval(self) -> timedelta:
        """The longest time between two drills."""
        number, unit = self.every.split()
        return timedelta(hours=int(number) * _HOURS[unit])

    def due_after(self, last: datetime) -> datetime:
        """When a drill is due that follows one of `last`."""
        return last + self.interval
