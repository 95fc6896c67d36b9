"""A spin coater with an antisolvent nozzle: one program from the ink in the vial to a film on its chuck."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.glovebox import Glovebox
from simulators.instruments.program import Order, Prepared, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.things import Things
from simulators.world_state import Program

HANDLING = 60.0
"""Seconds besides spinning (substrate, ink, taking off): assumption."""
SPEED_ERROR = 0.005
"""Relative standard deviation of the speed: spinners hold ±1 %, taken as two deviations."""
JITTER = 0.4
"""Standard deviation of the antisolvent's moment, s: 0.3 to 0.5 s are reported of automated drips."""
SENSOR = 0.05
"""Standard deviation of the drop sensor's moment, s: assumption."""
LATEST = 8.0
"""A late drip comes up to so many seconds too late: assumption."""
NEVER = 600.0
"""The delay of an antisolvent that never came, for the film's fate: long after anything could crystallize, s."""


@dataclass(frozen=True)
class Nest:
    """What one coater works with: its line, its chuck's place, its vial's place, the substrates of a full tray."""

    line: str
    stage: str
    vial: str
    substrates: int


class SpinCoater:
    """The physics of one coater."""

    def __init__(
        self, name: str, nest: Nest, glovebox: Glovebox, draws: Draws, faults: Faults, limits: Mapping[str, Span]
    ) -> None:
        self.limits = limits
        self._name, self._nest, self._glovebox = name, nest, glovebox
        self._draws, self._faults = draws, faults

    def sense(self, at: datetime, running: Program | None) -> Mapping[str, float]:
        """Dryness (ppm), door, extraction."""
        del running
        return self._glovebox.sense(at)

    def counted(self, things: Things) -> Mapping[str, float]:
        """Substrates that are left in the tray."""
        return {"substrates": self._nest.substrates - things.drawn.get(self._name, 0.0)}

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Take a substrate, put the vial's ink on it, spin, drip the antisolvent `delay` seconds after the start."""
        if order.command != "spin":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a spin coater")
        asked = {name: order.number(name) for name in ("speed", "duration", "delay")}
        for name, value in asked.items():
            limits[name].check(name, value)
        if asked["delay"] > asked["duration"]:
            raise RefusedError(
                ErrorNumber.LIMIT, f"delay {asked['delay']:g} s is after the end at {asked['duration']:g} s"
            )
        ink = self._ink(things)
        delay, seen = self._drip(asked["delay"], asked["duration"], order.key)
        error = self._draws.normal(order.key, "speed")
        details: dict[str, Detail] = {
            "line": self._nest.line,
            "film": order.token,
            "place": self._nest.stage,
            "vial": self._nest.vial,
            "stocks": list(ink),
            "volumes": list(ink.values()),
            "speed": asked["speed"] * (1.0 + SPEED_ERROR * error),
            "duration": asked["duration"],
            "delay": delay,
            "seen_delay": seen,
            "is_wet": int(self._glovebox.is_wet(order.at)),
        }
        return Prepared("spin", details, asked["duration"] + HANDLING)

    def _ink(self, things: Things) -> Mapping[str, float]:
        nest = self._nest
        ink = things.inks.get(nest.vial)
        if ink is None or sum(ink.values()) <= 0:
            raise RefusedError(ErrorNumber.BLOCKED, f"{nest.vial} holds no ink")
        if things.film_at(nest.stage) is not None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{nest.stage} is occupied")
        if self.counted(things)["substrates"] < 1:
            raise RefusedError(ErrorNumber.BLOCKED, f"{nest.line} has used all its {nest.substrates} substrates")
        return ink

    def _drip(self, delay: float, duration: float, key: str) -> tuple[float, float]:
        """When the antisolvent really came, and when the drop sensor saw it: 0 if it saw none."""
        draws = self._draws
        real = max(0.1, delay + JITTER * draws.normal(key, "delay"))
        if self._faults.mishap("late_antisolvent", self._name).strikes(draws, key, "antisolvent"):
            if draws.uniform(key, "missed") < 0.5:
                return NEVER, 0.0
            real += 2.0 + (LATEST - 2.0) * draws.uniform(key, "late by")
        if real > duration:
            return NEVER, 0.0
        return real, max(0.1, real + SENSOR * draws.normal(key, "drop sensor"))
