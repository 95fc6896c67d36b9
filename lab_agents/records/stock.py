"""Stock solutions and reference specimens: what the laboratory holds before the first sample is made."""

import math
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from lab_agents.records.base import FrozenMap, Name, Record
from lab_agents.records.control import ControlLimits
from lab_agents.records.quantities import Fraction, Hours, Microlitres

Species = Literal["Cs", "FA", "MA", "Pb", "Sn", "I", "Br", "Cl"]
"""Ions of ABX3 inks; FA is formamidinium, MA methylammonium."""

_ENTRY = re.compile(r"([a-z][a-z0-9_]{0,47}):(\d{1,5}\.\d{2})")


class Stock(Record):
    """A bottle of solution that a liquid handler draws from.

    Attributes:
        name: What recipes call it.
        contains: Concentration of each species, mol/L.
        amount: What is in it at the beginning, µL.
        low: With no more than this left, µL, a person is asked for a new bottle; without it nobody is.
        lot: Of the maker.
        opened: For how long it was open when the laboratory began.
        oxidation: Share of its tin(II) that oxidizes to tin(IV) in each day that it is open.
    """

    name: Name
    contains: FrozenMap[Species, float] = Field(min_length=1)
    amount: Microlitres
    lot: str = ""
    opened: Hours = 0.0
    oxidation: Fraction = 0.0
    low: Microlitres | None = None

    @model_validator(mode="after")
    def _check_concentrations(self) -> "Stock":
        for species, concentration in self.contains.items():
            if concentration <= 0:
                raise ValueError(f"stock {self.name} contains {concentration} mol/L of {species}; leave it out instead")
        return self


class Standard(Record):
    """A specimen that stands in a rack from the beginning, to be carried and measured like a sample.

    A `blank` is a bare substrate, `silicon` a powder plate whose reflections are known.

    Attributes:
        limits: What is expected of each number that is read of it (`lab_agents.analysis.standards`), by its name. Each
            becomes a chart for every instrument that measures it; a standard without limits is only leaned on.
    """

    name: Name
    kind: Literal["blank", "silicon"]
    place: Name
    limits: FrozenMap[Name, ControlLimits] = Field(default_factory=dict)


def volumes_text(volumes: Mapping[str, float]) -> str:
    """Volumes by stock (µL) as instruments take them: `stock:µL;…`, two decimals, in the order given.

    Two decimals always, so that one mixture is one text, and a task's acts are equal however often it is planned.

    Raises:
        ValueError: If a volume is negative or not finite, or needs more than five digits before its point.
    """
    entries = []
    for stock, volume in volumes.items():
        if not math.isfinite(volume) or volume < 0 or volume >= 99999.995:
            raise ValueError(f"{stock} gets {volume} µL, which is no volume; it must be from 0 to 99999.99")
        entries.append(f"{stock}:{volume:.2f}")
    return ";".join(entries)


def read_volumes(text: str) -> dict[str, float]:
    """The volumes by stock (µL) that a text states, in its order.

    Raises:
        ValueError: If it states none, one twice, or is not written as `volumes_text` writes.
    """
    volumes: dict[str, float] = {}
    for entry in text.split(";"):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"{entry!r} is not written as stock:0.00")
        stock, volume = match[1], float(match[2])
        if stock in volumes:
            raise ValueError(f"{stock} is stated twice")
        volumes[stock] = volume
    return volumes
