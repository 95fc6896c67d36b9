"""A powder diffractometer: counts over 2θ of what stands on its stage."""

from collections.abc import Mapping, Sequence
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.instruments.mounted import Bench, specimen
from simulators.instruments.program import Order, Prepared, Record, Span
from simulators.signals.diffraction import (
    RADIUS,
    RATIO,
    WAVELENGTHS,
    DiffractionScan,
    DiffractometerState,
    pattern,
    silicon_pattern,
)
from simulators.world.things import Things
from simulators.world_state import Program

MOST_POINTS = 8000
"""What its controller can hold."""
MOUNTING = 60.0
"""Seconds besides counting (mounting, closing the door, driving to the first angle): assumption."""
ZERO_DRIFT = 0.01
"""Standard deviation of a day's change of the angle's zero, degrees of 2θ: assumption."""
HEIGHT = 0.03
"""Standard deviation of a specimen's height above the axis, mm, anew for each mounting: assumption."""
TUBE = 0.99
"""Brightness of the tube after a day, relative to the day before: assumption."""
LARGEST_TILT = 3.0
"""A badly mounted specimen lies askew by 1 to so many degrees: assumption."""
SATURATION = 1.0e6
"""Counts per second that the detector cannot exceed: recalled of strip detectors."""


class Diffractometer:
    """The physics of the diffractometer."""

    constants: Mapping[str, Sequence[float]] = {"wavelengths": WAVELENGTHS, "ratio": (RATIO,), "radius": (RADIUS,)}

    def __init__(self, name: str, place: str, bench: Bench, faults: Faults, limits: Mapping[str, Span]) -> None:
        self.limits = limits
        self._name, self._place, self._bench, self._faults = name, place, bench, faults

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Count from `start` to `stop` in `step` (degrees of 2θ), `time_per_step` seconds each."""
        if order.command != "scan":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a diffractometer")
        asked = {name: order.number(name) for name in ("start", "stop", "step", "time_per_step")}
        for name, value in asked.items():
            limits[name].check(name, value)
        if asked["stop"] <= asked["start"] or asked["step"] <= 0:
            raise RefusedError(ErrorNumber.LIMIT, f"no scan leads from {asked['start']:g} to {asked['stop']:g}")
        n_points = len(DiffractionScan(**asked).angles) if _count(asked) <= MOST_POINTS else 0
        if n_points < 2:
            many = f"{_count(asked):.0f} points; the controller takes 2 to {MOST_POINTS}"
            raise RefusedError(ErrorNumber.LIMIT, many)
        film, details = specimen(things, self._place)
        bench, key = self._bench, order.key
        is_askew = self._faults.mishap("tilted_sample").strikes(bench.draws, film.key, key, "tilt")
        details |= {
            **asked,
            "zero": bench.drift(order.at, ZERO_DRIFT, self._name, "zero"),
            "displacement": HEIGHT * bench.draws.normal(film.key, key, "displacement"),
            "tube": TUBE ** bench.days(order.at),
            "shutter_open": int(not self._faults.mishap("shutter_stuck").strikes(bench.draws, key, "shutter")),
            "tilt": 1.0 + (LARGEST_TILT - 1.0) * bench.draws.uniform(key, "tilt by") if is_askew else 0.0,
        }
        return Prepared("scan", details, MOUNTING + n_points * asked["time_per_step"])

    def record(self, program: Program, things: Things) -> Record:
        """Counts, and what the instrument knows of itself: the raw record of the pattern."""
        film, state = self._bench.seen(program, things)
        numbers = {name: cast(float, value) for name, value in program.details.items() if not isinstance(value, str)}
        scan = DiffractionScan(numbers["start"], numbers["stop"], numbers["step"], numbers["time_per_step"])
        how = DiffractometerState(
            zero=numbers["zero"],
            displacement=numbers["displacement"],
            tube=numbers["tube"],
            shutter_open=bool(numbers["shutter_open"]),
            tilt=numbers["tilt"],
            saturation=SATURATION,
        )
        noise = self._bench.draws.generator(program.key, "counts")
        if film.kind == "silicon":
            return silicon_pattern(how, scan, noise)
        return pattern(state, how, scan, noise)


def _count(asked: Mapping[str, float]) -> float:
    return (asked["stop"] - asked["start"]) / asked["step"] + 1
