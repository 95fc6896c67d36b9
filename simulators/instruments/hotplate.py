"""One position of a hotplate: ramp, hold and cooling below 40 °C as one program."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.glovebox import Glovebox
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import Things
from simulators.world_state import Program

ROOM, TOUCHABLE = 25.0, 40.0
"""°C; a program ends when the sample may be touched and measured."""
HEATING, COOLING = 90.0, 150.0
"""Time constants in s: plates are of first order with 60 to 120 s; cooling takes about 5 min (assumption)."""
COLDEST, WARMEST = 2.0, 8.0
"""How far a plate's surface lies below its set-point, °C, drawn once for each plate: recalled range."""
EDGE = 2.0
"""How much colder the outermost position is than the middle, °C: recalled."""
CONTROL = 0.25
"""Standard deviation of the held temperature, °C: controllers hold ±0.5, taken as two deviations."""

_WEEK = timedelta(days=7)


class Plate:
    """What the positions of one hotplate share: how much colder its surface is than its sensor says."""

    def __init__(self, name: str, starts_at: datetime, draws: Draws, faults: Faults) -> None:
        """`starts_at` is when the laboratory began."""
        self._name, self._starts_at, self.draws = name, starts_at, draws
        self._step = faults.mishap("offset_step")

    def offset(self, at: datetime) -> float:
        """°C below the set-point at a laboratory time; larger after every step of a bad contact."""
        draws, name = self.draws, self._name
        offset = COLDEST + (WARMEST - COLDEST) * draws.uniform(name, "offset")
        for week in range((at - self._starts_at) // _WEEK + 1):
            key = (name, "offset step", str(week))
            since = self._starts_at + (week + draws.uniform(*key, "when")) * _WEEK
            if self._step.strikes(draws, *key) and since <= at:
                offset += 5.0 + 10.0 * draws.uniform(*key, "size")
        return offset


class Hotplate:
    """The physics of one position."""

    def __init__(self, plate: Plate, position: int, place: str, glovebox: Glovebox, limits: Mapping[str, Span]) -> None:
        """`position` counts from the middle of the plate outwards, from 1 to 4."""
        self.limits = limits
        self._plate, self._place, self._glovebox = plate, place, glovebox
        self._edge = EDGE * (position - 1) / 3.0

    def sense(self, at: datetime, running: Program | None) -> Mapping[str, float]:
        """Dryness (ppm), door, extraction, and the temperature (°C) by the plate's own sensor."""
        return {**self._glovebox.sense(at), "temperature": ROOM if running is None else shown(at, running)}

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Anneal what lies there at `temperature` (°C) for `duration` (s)."""
        if order.command != "anneal":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a hotplate")
        temperature, duration = order.number("temperature"), order.number("duration")
        limits["temperature"].check("temperature", temperature)
        limits["duration"].check("duration", duration)
        film = things.film_at(self._place)
        if film is None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._place} is empty")
        held = temperature + CONTROL * self._plate.draws.normal(order.key, "control")
        details: dict[str, Detail] = {
            "film": film.name,
            "place": self._place,
            "asked": temperature,
            "temperature": held - self._plate.offset(order.at) - self._edge,
            "duration": duration,
            "seen_temperature": held,
            "is_wet": int(self._glovebox.is_wet(order.at)),
        }
        return Prepared("anneal", details, ramp(temperature) + duration + cooling(temperature))


def ramp(temperature: float) -> float:
    """Seconds from room temperature to within 1 °C of `temperature`."""
    return HEATING * math.log(max(temperature - ROOM, 1.0))


def shown(at: datetime, running: Program) -> float:
    """What the plate's sensor says during a program, °C: of first order up and down, level while it holds."""
    asked, held, hold = (cast(float, running.details[name]) for name in ("asked", "seen_temperature", "duration"))
    since = (at - running.started_at).total_seconds()
    if since < ramp(asked):
        return ROOM + (held - ROOM) * (1.0 - math.exp(-since / HEATING))
    if since < ramp(asked) + hold:
        return held
    return ROOM + (held - ROOM) * math.exp(-(since - ramp(asked) - hold) / COOLING)


def cooling(temperature: float) -> float:
    """Seconds from `temperature` to below 40 °C."""
    return COOLING * math.log(max((temperature - ROOM) / (TOUCHABLE - ROOM), 1.0))
