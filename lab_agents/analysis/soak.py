"""Light soaks: the irradiance that a lamp's reference cell recorded to the dose that the film got.

[IEC60904-9] IEC 60904-9 (2020), solar simulators: a lamp of class A drifts by no more than 2 %.
"""

import math

import numpy as np
from pydantic import model_validator

from lab_agents.analysis.concluded import Concluded, Conclusions
from lab_agents.analysis.errors import UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.reading import find_setting, read_record
from lab_agents.records.base import Record

NAME = "soak_dose"

ENOUGH = 0.95
"""Share of the declared dose below which the lamp has failed; what a film shows after less light says nothing."""

CALIBRATION = 0.02
"""Relative standard deviation of the reference cell: assumption, the drift of a class A lamp [IEC60904-9]."""

DARK = -0.05
"""Irradiance in suns below which a reference cell is broken, not noisy."""


class SoakTrace(Record):
    """The lamp's raw record: `time` in seconds, rising; `irradiance` in suns (1 sun is 1000 W/m²)."""

    time: tuple[float, ...]
    irradiance: tuple[float, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> "SoakTrace":
        if len(self.time) != len(self.irradiance) or len(self.time) < 2:
            raise ValueError(f"{len(self.time)} times and {len(self.irradiance)} irradiances; it takes two or more")
        if any(later <= earlier for earlier, later in zip(self.time, self.time[1:], strict=False)):
            raise ValueError("times do not increase")
        return self


def conclude_soak(evidence: Evidence) -> Conclusions:
    """The `dose` of a light soak in sun min: the integral of the irradiance by the trapezoidal rule.

    Its deviation is the reference cell's calibration and the readings' noise, which their second differences give.

    Args:
        evidence: Its `raw` is a `SoakTrace` as JSON. Its settings declare `exposure` (or `duration`) in seconds and may
            declare `irradiance` (or `suns`) in suns, 1 if not.

    Raises:
        UnreadableError: If `raw` is no such record, or no exposure is declared.
        UnusableError: If the lamp failed: the dose is below 95 % of what was declared, or a reading is negative.
    """
    trace = read_record(SoakTrace, evidence.raw, "soak record")
    exposure = find_setting(evidence, "exposure") or find_setting(evidence, "duration")
    if exposure is None:
        raise UnreadableError("The settings of this soak declare no exposure (s). Declare it at the station.")
    for number, reading in enumerate(trace.irradiance):
        if reading < DARK:
            raise UnusableError(f"Irradiance {number} is {reading:g} suns. Look at the lamp's reference cell.")
    time, irradiance = np.array(trace.time) / 60, np.array(trace.irradiance)
    dose = float(np.trapezoid(irradiance, time))
    suns = find_setting(evidence, "irradiance") or find_setting(evidence, "suns") or 1.0
    declared = suns * exposure / 60
    if dose < ENOUGH * declared:
        raise UnusableError(
            f"The lamp gave {dose:.4g} sun min of the {declared:.4g} declared; {_failure(trace)}. "
            "Look at the lamp before the next soak."
        )
    noise = math.sqrt(float(np.mean(np.diff(irradiance, 2) ** 2)) / 6) if len(irradiance) > 2 else 0.0
    spread = noise * float(time[-1] - time[0]) / math.sqrt(len(time))
    return Conclusions((Concluded("dose", dose, math.hypot(CALIBRATION * dose, spread), "sun min", NAME),))


def _failure(trace: SoakTrace) -> str:
    """When the lamp last shone, for the person who looks at it."""
    half = max(trace.irradiance) / 2
    shone = [t for t, reading in zip(trace.time, trace.irradiance, strict=True) if half > 0 and reading > half]
    if not shone:
        return "it never shone"
    if shone[-1] < trace.time[-1]:
        return f"it was last seen to shine at {shone[-1]:g} s of {trace.time[-1]:g} s"
    return f"it shone until the record ends at {trace.time[-1]:g} s, with at most {max(trace.irradiance):.3g} suns"
