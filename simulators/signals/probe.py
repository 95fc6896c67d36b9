"""The four-point probe: currents and voltages, and what they look like when nothing is touched or conducts."""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Floats
from simulators.signals.raw_record import RawRecord
from simulators.world.film_state import FilmState

INFINITE_SHEET = float(np.pi / np.log(2.0))
"""Rs = 4.5324 V / I on a film much larger than the probe and thinner than half its spacing (Smits 1958)."""


@dataclass(frozen=True)
class ProbeScan:
    """What is asked for: `readings` currents of both signs, tips `spacing` mm apart, `compliance` volts at most."""

    readings: int = 10
    spacing: float = 1.0
    compliance: float = 2.1


@dataclass(frozen=True)
class ProbeState:
    """How the probe is.

    Attributes:
        no_contact: Chance that a tip does not touch the film.
        noise: Relative standard deviation of a whole measurement: where and how firmly the tips stand.
        smallest, largest: Correction of a finite film relative to an infinite one, between these by where the tips
            stand.
        largest_current, smallest_current: In A; the source steps down in decades until it keeps within its compliance.
    """

    no_contact: float = 0.03
    noise: float = 0.01
    smallest: float = 0.93
    largest: float = 0.95
    largest_current: float = 1e-2
    smallest_current: float = 1e-8


_READING_NOISE = 0.002
"""Relative standard deviation of one voltage within a measurement (assumption)."""

_CURRENT_FLOOR, _VOLTAGE_FLOOR = 2e-12, 2e-6
"""Standard deviations in A and V of readings with nothing to measure (assumption: a common source meter)."""


def sheet(film: FilmState | None, state: ProbeState, scan: ProbeScan, rng: np.random.Generator) -> RawRecord:
    """What the probe records of a film, or of the blank glass where there is none.

    Over range (above about 1e9 ohm per square) the voltage stands at the compliance and the current falls short;
    without contact no current flows and the voltage is that of an open lead.
    """
    touches = rng.random() >= state.no_contact
    factor = rng.uniform(state.smallest, state.largest)
    scatter = 1.0 + state.noise * rng.standard_normal()
    signs = np.where(np.arange(scan.readings) % 2 == 0, 1.0, -1.0)
    if not touches:
        current, voltage = np.zeros(scan.readings), np.zeros(scan.readings)
    else:
        # Glass conducts less than the source can show.
        resistance = 1e15 if film is None else film.sheet_resistance / (INFINITE_SHEET * factor) * scatter
        current, voltage = _driven(resistance, signs, state, scan)
    voltage = voltage * (1.0 + _READING_NOISE * rng.standard_normal(scan.readings))
    voltage = np.clip(voltage + _VOLTAGE_FLOOR * rng.standard_normal(scan.readings), -scan.compliance, scan.compliance)
    current = current + _CURRENT_FLOOR * rng.standard_normal(scan.readings)
    return {
        "current": [float(f"{value:.6g}") for value in current],
        "voltage": [float(f"{value:.6g}") for value in voltage],
        "spacing": scan.spacing,
        "compliance": scan.compliance,
    }


def _driven(resistance: float, signs: Floats, state: ProbeState, scan: ProbeScan) -> tuple[Floats, Floats]:
    """Currents and voltages of a source that steps down until it keeps within half its compliance."""
    asked = state.largest_current
    while asked * resistance > 0.5 * scan.compliance and asked > 1.5 * state.smallest_current:
        asked /= 10.0
    levels = signs * asked * np.repeat(np.linspace(0.2, 1.0, (len(signs) + 1) // 2), 2)[: len(signs)]
    voltage = np.clip(levels * resistance, -scan.compliance, scan.compliance)
    return voltage / resistance, voltage
