"""A four-point probe: voltages over currents of what stands on its stage."""

from collections.abc import Mapping
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.faults import Faults
from simulators.instruments.mounted import Bench, specimen
from simulators.instruments.program import Order, Prepared, Record, Span
from simulators.signals.probe import ProbeScan, ProbeState, sheet
from simulators.world.things import Things
from simulators.world_state import Program

LOWERING = 60.0
"""Seconds to lower and lift the tips: assumption."""
READING = 4.0
"""Seconds of one current and its settling: assumption; ten readings take about two minutes."""
SPACING, COMPLIANCE = 1.0, 2.1
"""Distance of the tips in mm and the largest voltage in V: assumption, a common head on a source meter."""


class Probe:
    """The physics of the probe."""

    def __init__(self, place: str, bench: Bench, faults: Faults, limits: Mapping[str, Span]) -> None:
        self.limits = limits
        self.constants = {"spacing": (SPACING,), "compliance": (COMPLIANCE,)}
        self._place, self._bench, self._faults = place, bench, faults

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Read `points` voltages at currents of both signs, of `current` amperes at most."""
        if order.command != "sweep":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a probe")
        current, points = order.number("current"), order.number("points")
        limits["current"].check("current", current)
        limits["points"].check("points", points)
        if current <= 0 or not points.is_integer():
            raise RefusedError(ErrorNumber.LIMIT, f"{points:g} points of {current:g} A are no sweep")
        film, details = specimen(things, self._place)
        misses = self._faults.mishap("no_contact").strikes(self._bench.draws, film.key, order.key, "contact")
        details |= {"current": current, "points": points, "touches": int(not misses)}
        return Prepared("sweep", details, LOWERING + READING * points)

    def record(self, program: Program, things: Things) -> Record:
        """Amperes and volts: the raw record of the sheet resistance."""
        _, state = self._bench.seen(program, things)
        details = program.details
        how = ProbeState(
            no_contact=0.0 if cast(int, details["touches"]) else 1.0,
            largest_current=cast(float, details["current"]),
        )
        scan = ProbeScan(int(cast(float, details["points"])), SPACING, COMPLIANCE)
        return sheet(state, how, scan, self._bench.draws.generator(program.key, "voltage"))
