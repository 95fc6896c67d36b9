"""A UV-vis spectrometer: transmittance of what stands on its stage."""

import math
from collections.abc import Mapping
from typing import cast

from simulators.errors import ErrorNumber, RefusedError
from simulators.instruments.mounted import Bench, specimen
from simulators.instruments.program import Order, Prepared, Record, Span
from simulators.signals.transmission import SpectrometerState, SpectrumScan, spectrum
from simulators.world.things import Things
from simulators.world_state import Program

SETTLING = 40.0
"""Seconds besides averaging (positioning, dark reading, reference): assumption."""
READING = 2.0
"""Seconds of one average: assumption."""
NOISE = 0.003
"""Standard deviation of one reading in absorbance units; sixteen averages give 0.00075: assumption."""
BASELINE = 0.005
"""Standard deviation of the baseline's change in an hour, absorbance units: assumption."""
REFERENCED = 1.0 / 24.0
"""Days between two references against air, which set the baseline back to zero: assumption, one an hour."""
SHIFT = 0.15
"""Standard deviation of the wavelength's error, nm, for this instrument's life: ±0.3 nm taken as two deviations."""


class Spectrometer:
    """The physics of the spectrometer."""

    def __init__(self, name: str, place: str, bench: Bench, limits: Mapping[str, Span]) -> None:
        self.limits = limits
        self._name, self._place, self._bench = name, place, bench

    def prepare(self, order: Order, things: Things, limits: Mapping[str, Span]) -> Prepared:
        """Average `averages` spectra."""
        if order.command != "spectrum":
            raise RefusedError(ErrorNumber.LIMIT, f"{order.command} is no command of a spectrometer")
        averages = order.number("averages")
        limits["averages"].check("averages", averages)
        if not averages.is_integer():
            raise RefusedError(ErrorNumber.LIMIT, f"{averages:g} averages are no whole number")
        _, details = specimen(things, self._place)
        details |= {"averages": averages, "baseline": self._baseline(order)}
        return Prepared("spectrum", details, SETTLING + READING * averages)

    def record(self, program: Program, things: Things) -> Record:
        """Wavelengths in nm and transmittance against air: the raw record of the spectrum."""
        _, state = self._bench.seen(program, things)
        averages = cast(float, program.details["averages"])
        how = SpectrometerState(
            baseline=cast(float, program.details["baseline"]),
            shift=SHIFT * self._bench.draws.normal(self._name, "wavelength"),
            noise=NOISE / math.sqrt(averages),
        )
        return spectrum(state, how, SpectrumScan(), self._bench.draws.generator(program.key, "transmittance"))

    def _baseline(self, order: Order) -> float:
        """Drifts from each reference against air to the next."""
        intervals = self._bench.days(order.at) / REFERENCED
        whole = math.floor(intervals)
        return BASELINE * (intervals - whole) * self._bench.draws.normal(self._name, "baseline", str(whole))
