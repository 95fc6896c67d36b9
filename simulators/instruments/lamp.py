"""One slot of a light-soak lamp: exposes what lies there and records the irradiance."""

from collections.abc import Mapping
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.instruments.mounted import Bench, specimen
from simulators.instruments.program import Order, Prepared, Record, Span
from simulators.ledger import Detail
from simulators.signals.lamp import LampState, SoakScan, delivered, soak
from simulators.world.things import Things
from simulators.world_state import Program

CALIBRATION = 0.01
"""Standard deviation of a slot's irradiance relative to what is asked for: assumption, a lamp of class A."""
WARM_UP = 5.0
"""Time constant of switching on, s: assumption."""


class Lamp:
    """The physics of one slot."""

    def __init__(self, name: str, place: str, bench: Bench, faults: Faults, limits: Mapping[str, Span]) -> None:
        self.limits = limits
        self._name, self._place, self._bench, self._faults = name, place, bench, faults

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Expose what lies there to `suns` for `duration` seconds; the film ages by what really reaches it."""
        if order.command != "illuminate":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a lamp")
        asked, duration = order.number("suns"), order.number("duration")
        limits["suns"].check("suns", asked)
        limits["duration"].check("duration", duration)
        _, details = specimen(things, self._place)
        details |= {"asked": asked, "duration": duration, "fails_at": self._fails_at(order.key, duration)}
        scan = SoakScan(duration, asked)
        reaches = delivered(self._how(details), scan) if len(scan.times) > 1 else 0.0
        return Prepared("illuminate", details | {"suns": reaches}, duration)

    def record(self, program: Program, things: Things) -> Record:
        """Seconds and suns: the raw record of the soak."""
        scan = SoakScan(cast(float, program.details["duration"]), cast(float, program.details["asked"]))
        noise = self._bench.draws.generator(program.key, "irradiance")
        return soak(self._how(program.details), scan, noise)

    def _how(self, details: Mapping[str, Detail]) -> LampState:
        fails_at = cast(float, details["fails_at"])
        level = 1.0 + CALIBRATION * self._bench.draws.normal(self._name, "calibration")
        return LampState(level=level, warm_up=WARM_UP, fails_at=fails_at if fails_at >= 0 else None)

    def _fails_at(self, key: str, duration: float) -> float:
        """Seconds after which the lamp goes out; -1 for one that lasts."""
        draws, failure = self._bench.draws, self._faults.mishap("lamp_failure")
        for hour in range(int(duration // 3600) + 1):
            moment = 3600.0 * (hour + draws.uniform(key, "goes out", str(hour)))
            if failure.strikes(draws, key, "lamp", str(hour)) and moment < duration:
                return moment
        return -1.0
