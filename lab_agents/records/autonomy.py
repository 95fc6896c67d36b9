"""What a campaign may do alone, what needs an approval, and by whom."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from lab_agents.records.base import FrozenMap, Name, Record

Level = Literal["manual", "bounded", "autonomous"]


class Trusted(Record):
    """Where a parameter may be set without asking: inclusive, None leaves that side open.

    `unit` must be that of the design space where it is given; a number in another unit would be a trap.
    """

    lower: float | None = None
    upper: float | None = None
    unit: str | None = None

    @model_validator(mode="after")
    def _check_range(self) -> "Trusted":
        if self.lower is None and self.upper is None:
            raise ValueError("it has neither a lower nor an upper bound; give one, or leave the parameter out")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} is above upper {self.upper:g}")
        return self

    def find_excess(self, name: str, value: float) -> str:
        """How a value lies outside, or an empty text."""
        unit = "" if self.unit in (None, "1") else f" {self.unit}"
        if self.lower is not None and value < self.lower:
            return f"{name} {value:g} is below {self.lower:g}{unit}"
        if self.upper is not None and value > self.upper:
            return f"{name} {value:g} is above {self.upper:g}{unit}"
        return ""


class Autonomy(Record):
    """What may run alone, what needs an approval, and by whom.

    `manual`: every award waits for an approval. `autonomous`: none does. `bounded`: making a sample waits where a
    parameter of its candidate lies outside `within`, or while fewer than `first` samples were begun; measuring waits
    where its kind is one of `measurements`; the rest runs alone.

    `by` are the people whose approval counts; nobody named means that anybody's does.
    `approve_awards` is how logs of the first release say `manual`; campaign files say the level.
    """

    level: Level = "autonomous"
    within: FrozenMap[str, Trusted] = Field(default_factory=dict)
    first: int = Field(default=0, ge=0, le=100_000)
    measurements: tuple[Name, ...] = Field(default=(), max_length=16)
    by: tuple[str, ...] = Field(default=(), max_length=64)
    approve_awards: bool = False

    @model_validator(mode="after")
    def _check_level(self) -> "Autonomy":
        bounds = [name for name in ("within", "first", "measurements") if getattr(self, name)]
        if self.level != "bounded" and bounds:
            raise ValueError(f"{', '.join(bounds)} belong to level bounded; the level is {self.level}")
        if self.level == "bounded" and not bounds:
            raise ValueError("level bounded needs at least one of within, first, measurements; else write autonomous")
        if self.level == "autonomous" and self.by and not self.approve_awards:
            raise ValueError("by names who approves, but level autonomous asks nobody; write manual or bounded")
        return self

    @property
    def asks_always(self) -> bool:
        """Whether every award waits for an approval."""
        return self.level == "manual" or self.approve_awards

    def why_ask_to_make(self, values: Mapping[str, float], n_begun: int) -> str:
        """Why making a candidate needs an approval, or an empty text if it may run alone.

        Args:
            values: The candidate's parameters, in the design space's units.
            n_begun: Samples of the campaign that were begun or are awarded already.
        """
        if self.asks_always:
            return "every award does"
        if n_begun < self.first:
            return f"it is one of the first {self.first} samples"
        outside = [self.within[name].find_excess(name, values[name]) for name in self.within if name in values]
        return "; ".join(excess for excess in outside if excess)

    def why_ask_to_measure(self, measurement: str | None) -> str:
        """Why a measurement of this kind needs an approval, or an empty text if it may run alone."""
        if self.asks_always:
            return "every award does"
        return f"every {measurement} does" if measurement in self.measurements else ""


def may_approve(person: str, approvers: tuple[str, ...]) -> bool:
    """Whether a person's word counts for an award that names its approvers; none named means anybody."""
    return not approvers or person in approvers
