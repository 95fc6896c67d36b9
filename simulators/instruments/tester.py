"""A light-soak tester: follows a film's optical transmission while light degrades it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.program import Order, Prepared, Record, Span
from simulators.ledger import Detail
from simulators.world.draws import Draws
from simulators.world.replay import RecordedTruth
from simulators.world.things import Things
from simulators.world_state import Program

TAU = 600.0
"""Decay time of the absorbance under the lamp, seconds: assumption; six of them pass in an hour's exposure."""
ABSORBANCE = 0.9
"""Absorbance of a fresh film at the probe wavelength: assumption, a film of some 100 nm."""
FILM_SPREAD = 0.03
"""Standard deviation of a fresh film's absorbance from film to film (thickness): assumption."""
NOISE = 3e-4
"""Standard deviation of one transmission reading: assumption, a lock-in photodiode."""
POINTS = 120
"""Readings per exposure."""


@dataclass(frozen=True)
class Trace:
    """Seconds of exposure, optical transmission (0 to 1)."""

    times: tuple[float, ...]
    transmission: tuple[float, ...]


class SoakTester:
    """The physics of the tester: a share d of the absorbance is lost by exponential decay.

    A(t) = A0 * (1 - d * (1 - exp(-t / tau))),  transmission = 10^-A + noise
    """

    def __init__(self, stage: str, truth: RecordedTruth | None, draws: Draws, limits: Mapping[str, Span]) -> None:
        """Without a truth nothing can be measured: every start is refused."""
        self.limits = limits
        self._stage, self._truth, self._draws = stage, truth, draws

    @property
    def scale(self) -> tuple[float, float]:
        """Offset and span: property = offset + span * d."""
        return self._truth.scale if self._truth else (0.0, 1.0)

    @property
    def constants(self) -> Mapping[str, Sequence[float]]:
        """Its scale, and its decay time in seconds."""
        return {"scale": self.scale, "tau": (TAU,)}

    def record(self, program: Program, things: Things) -> Record:
        """Seconds and transmission, in the digits that it has."""
        details = program.details
        value, exposure = cast(float, details["value"]), cast(float, details["exposure"])
        film = things.films[cast(str, details["film"])]
        trace = self.trace(value, film.key, exposure, program.key)
        return {"time": [round(t, 3) for t in trace.times], "transmission": [round(t, 7) for t in trace.transmission]}

    def trace(self, value: float, film: str, exposure: float, key: str) -> Trace:
        """The record of a film worth `value`, exposed for `exposure` seconds; drawn by the keys of film and program."""
        offset, span = self.scale
        share = (value - offset) / span
        fresh = ABSORBANCE + FILM_SPREAD * self._draws.normal(film, "absorbance")
        times = tuple(exposure * i / (POINTS - 1) for i in range(POINTS))
        noise = self._draws.normals(POINTS, key, "transmission")
        clean = (10 ** -(fresh * (1 - share * (1 - math.exp(-t / TAU)))) for t in times)
        return Trace(times, tuple(max(1e-6, t + NOISE * n) for t, n in zip(clean, noise, strict=True)))

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Expose the film on the stage for `exposure` seconds."""
        if order.command != "soak":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a tester")
        exposure = order.number("exposure")
        limits["exposure"].check("exposure", exposure)
        film = things.film_at(self._stage)
        if film is None:
            raise RefusedError(ErrorNumber.BLOCKED, f"{self._stage} is empty")
        if self._truth is None:
            raise RefusedError(ErrorNumber.BLOCKED, "this laboratory replays no table")
        value = self._truth.value(film.volumes, film.key)
        details: dict[str, Detail] = {"film": film.name, "place": self._stage, "exposure": exposure, "value": value}
        return Prepared("soak", details, exposure)
