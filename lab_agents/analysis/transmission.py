"""Light-soak traces: optical transmission over exposure time to the share of absorbance lost, with its uncertainty.

[vonNeumann1941] von Neumann, Ann. Math. Stat. 12, 367 (1941).
"""

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from lab_agents.analysis.concluded import Concluded, Conclusions
from lab_agents.analysis.errors import UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.records.base import Record

NAME = "transmission_decay"

FEWEST = 8
"""Readings: with fewer the noise, which is learned from the residuals, is known to worse than a third."""

SHORTEST = 0.5
"""Exposure in decay times: a shorter trace cannot tell what is lost from what the film absorbs."""

FINEST = 1e-6
"""Smallest believable noise of a transmission: the digits with which instruments report it."""

WANDER = 1.0
"""Least ratio of the residuals' mean squared step to their mean square. Independent noise gives 2 ± 2/sqrt(n); a trace
that follows another law drifts through the fit and gives far less [vonNeumann1941]."""

Array = NDArray[np.float64]


class TransmissionTrace(Record):
    """The tester's raw record.

    `time` in seconds of exposure, `transmission` from 0 to 1, `tau` the decay time in seconds. The property is
    `offset + span * d`, d the share of the absorbance lost at infinite exposure.
    """

    time: tuple[float, ...]
    transmission: tuple[float, ...]
    offset: float
    span: float
    tau: float = Field(gt=0)

    @model_validator(mode="after")
    def _check_lengths(self) -> "TransmissionTrace":
        if len(self.time) != len(self.transmission):
            raise ValueError(f"{len(self.time)} times, but {len(self.transmission)} transmissions")
        if any(later <= earlier for earlier, later in zip(self.time, self.time[1:], strict=False)):
            raise ValueError("times do not increase")
        if self.span == 0:
            raise ValueError("span is 0, so that every film would have the same value")
        return self


def conclude_transmission(evidence: Evidence) -> Conclusions:
    """The first wanted property of a film from its transmission trace, which itself does not say what it measures.

    Fits A(t) = A0 * (1 - d * (1 - exp(-t / tau))), A = -log10(transmission), which is linear in A0 and A0 * d, by
    weighted least squares. A constant noise of the transmission is a noise of T^-1 / ln 10 in absorbance, hence
    weights T^2, taken from the fitted curve; its size is learned from the residuals and carried on to d.

    Args:
        evidence: Its `raw` is a `TransmissionTrace` as JSON, in the unit of the property that is wanted.

    Raises:
        UnreadableError: If `raw` is no such record (NaN, missing fields), its exposure is too short, or nothing is
            wanted.
        UnusableError: If readings are saturated, the film does not absorb, or it does not decay as it should.
    """
    try:
        trace = TransmissionTrace.model_validate_json(evidence.raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "record"
        raise UnreadableError(f"This is no transmission trace: {place}: {first['msg']}.") from error
    _check_range(trace)
    if not evidence.wanted:
        raise UnreadableError("No property is wanted of this transmission trace. Name one in the campaign's target.")
    name, unit = evidence.wanted[0]
    lost = 1 - np.exp(-np.array(trace.time) / trace.tau)
    share, deviation = _fit(lost, np.array(trace.transmission))
    value = trace.offset + trace.span * share
    return Conclusions((Concluded(name, value, abs(trace.span) * deviation, unit, NAME),))


def _check_range(trace: TransmissionTrace) -> None:
    n = len(trace.time)
    if n < FEWEST:
        raise UnreadableError(f"The trace has {n} readings; at least {FEWEST} are needed. Check the tester's settings.")
    exposure = trace.time[-1] - trace.time[0]
    if exposure < SHORTEST * trace.tau:
        raise UnreadableError(
            f"The exposure of {exposure:g} s is below {SHORTEST:g} decay times of {trace.tau:g} s. Expose longer."
        )
    for number, value in enumerate(trace.transmission):
        if not 0 < value < 1:
            raise UnusableError(
                f"Reading {number} at {trace.time[number]:g} s is {value:g}; a transmission lies between 0 and 1. "
                "The detector is dark or saturated: look at the lamp, then measure again."
            )


def _fit(lost: Array, transmission: Array) -> tuple[float, float]:
    """The share lost and its standard deviation; `lost` is 1 - exp(-t / tau), shape (n,)."""
    absorbance = -np.log10(transmission)
    design = np.stack([np.ones_like(lost), lost], axis=1)
    weight = transmission
    for _ in range(2):  # the second pass takes its weights from the first fit: noisy weights would bias it
        coefficients = np.linalg.lstsq(design * weight[:, None], absorbance * weight, rcond=None)[0]
        weight = 10 ** -(design @ coefficients)
    residuals = (absorbance - design @ coefficients) * weight * math.log(10)
    noise = max(float(residuals @ residuals) / (len(lost) - 2), FINEST**2)
    scaled = design * weight[:, None] * math.log(10)
    covariance = noise * np.linalg.inv(scaled.T @ scaled)
    fresh = float(coefficients[0])
    if fresh * math.log(10) < 5 * math.sqrt(noise):  # no single reading tells the film from clear glass
        raise UnusableError(f"The film absorbs {fresh:.2g}, no more than the noise. Is there a film on the stage?")
    if noise > FINEST**2 and float(np.mean(np.diff(residuals) ** 2)) < WANDER * float(np.mean(residuals**2)):
        raise UnusableError("The trace does not decay with the tester's decay time: residuals drift. Measure again.")
    share = -float(coefficients[1]) / fresh
    gradient = np.array([share, 1.0]) / fresh
    return share, math.sqrt(float(gradient @ covariance @ gradient))
