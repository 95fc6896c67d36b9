"""The light-soak lamp: the irradiance that its monitor diode sees, and what reaches the film."""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Floats
from simulators.signals.raw_record import RawRecord


@dataclass(frozen=True)
class SoakScan:
    """What is asked for: `duration` seconds at `suns`, the monitor read every `interval` seconds."""

    duration: float = 1800.0
    suns: float = 1.0
    interval: float = 10.0

    @property
    def times(self) -> Floats:
        """Seconds since the start of every reading."""
        return np.asarray(self.interval * np.arange(int(self.duration / self.interval + 1e-9) + 1), dtype=float)


@dataclass(frozen=True)
class LampState:
    """How the lamp is.

    Attributes:
        level: Irradiance relative to what is asked for, 1 when calibrated.
        warm_up: Time constant of switching on in seconds.
        decay: Time constant in seconds of a lamp that dies slowly; None for one that holds.
        fails_at: Seconds after the start at which the lamp goes out; None for one that lasts.
        trace_ends_at: Seconds after the start at which the monitor is lost; None for one that lasts.
    """

    level: float = 1.0
    warm_up: float = 5.0
    decay: float | None = None
    fails_at: float | None = None
    trace_ends_at: float | None = None


_RIPPLE = 0.004
"""Relative standard deviation of a reading (assumption: an LED simulator of class A)."""

_DARK = 0.0005
"""Standard deviation in suns of a reading in the dark (assumption)."""


def irradiance(lamp: LampState, scan: SoakScan) -> Floats:
    """The true irradiance in suns at every reading."""
    times = scan.times
    level = scan.suns * lamp.level * (1.0 - np.exp(-times / lamp.warm_up))
    if lamp.decay is not None:
        level = level * np.exp(-times / lamp.decay)
    if lamp.fails_at is not None:
        level = np.where(times < lamp.fails_at, level, 0.0)
    return np.asarray(level)


def delivered(lamp: LampState, scan: SoakScan) -> float:
    """Mean irradiance in suns over the whole duration, for what the light does to the film."""
    return float(np.trapezoid(irradiance(lamp, scan), scan.times) / scan.times[-1])


def soak(lamp: LampState, scan: SoakScan, rng: np.random.Generator) -> RawRecord:
    """What the monitor diode records during a soak."""
    times, level = scan.times, irradiance(lamp, scan)
    read = level * (1.0 + _RIPPLE * rng.standard_normal(times.shape)) + _DARK * rng.standard_normal(times.shape)
    kept = times <= (np.inf if lamp.trace_ends_at is None else lamp.trace_ends_at)
    return {
        "time": [round(float(value), 3) for value in times[kept]],
        "irradiance": [round(float(value), 5) for value in read[kept]],
    }
