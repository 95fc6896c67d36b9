"""The diffractometer's raw record, and what makes one worth fitting."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lab_agents.analysis.errors import UnreadableError, UnusableError
from lab_agents.analysis.reading import read_record
from lab_agents.records.base import Record

Array = NDArray[np.float64]

SHORTEST = 15.0
"""Degrees two-theta. Less holds two perovskite lines at most, and neither texture nor zero shift can be told."""

COARSEST = 0.08
"""Degrees per step; a line is about 0.1° wide, and needs more than one point."""

NEEDED = (6.8, 3.0)
"""Lattice spacings (angstrom) that a film's pattern must reach: the perovskite's first line and its second order."""

FINEST = 1.93
"""Smallest lattice spacing (angstrom) that is fitted; what a longer scan holds beyond is left out."""

FEWEST = 2000
"""Counts of the whole pattern: below, the background alone is uncertain by more than two per cent."""

FLAT = 3
"""Neighbouring points with one and the same largest count: Poisson noise of a bright line does not do that."""

BRIGHT = 1000
"""Counts; among fewer, three equal neighbours at the top may be chance."""


class PatternRecord(Record):
    """The raw record: counts from `start` on in steps of `step` (degrees two-theta), `time_per_step` in seconds.

    `wavelengths` (angstrom) of the two lines of the tube, the second `ratio` times as strong as the first; `radius` of
    the goniometer in millimetres.
    """

    start: float = Field(gt=0, lt=120)
    step: float = Field(gt=0, le=COARSEST)
    counts: tuple[int, ...]
    time_per_step: float = Field(gt=0)
    wavelengths: tuple[float, float]
    ratio: float = Field(ge=0, le=1)
    radius: float = Field(gt=0)

    @model_validator(mode="after")
    def _check_counts(self) -> "PatternRecord":
        for number, count in enumerate(self.counts):
            if count < 0:
                raise ValueError(f"count {number} at {self.start + number * self.step:.2f}° is {count}, below zero")
        if not all(0.2 < wavelength < 3 for wavelength in self.wavelengths):
            raise ValueError(f"wavelengths are {self.wavelengths}; a tube's lie between 0.2 and 3 angstrom")
        return self


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be fitted: `two_theta` in degrees and `counts`, both of shape (n,), down to `FINEST`.

    `time_per_step` is that of counting, in seconds.
    """

    two_theta: Array
    counts: Array
    step: float
    wavelengths: tuple[float, float]
    ratio: float
    radius: float
    time_per_step: float


def read_pattern(raw: bytes, shortest: float = SHORTEST) -> Pattern:
    """The pattern of a raw record.

    Args:
        raw: A `PatternRecord` as JSON.
        shortest: Degrees that it must span.

    Raises:
        UnreadableError: If it is no such record (missing, fractional, negative or NaN counts), or spans too little.
        UnusableError: If there are no or hardly any counts, or the detector was saturated.
    """
    record = read_record(PatternRecord, raw, "diffraction pattern")
    span = record.step * (len(record.counts) - 1)
    if not record.counts or span < shortest:
        raise UnreadableError(
            f"The pattern spans {max(span, 0):.1f}° from {record.start:g}°; at least {shortest:g}° are needed to tell "
            "phases from texture. Scan farther."
        )
    counts = np.array(record.counts, dtype=float)
    _check_exposure(record, counts)
    two_theta = record.start + record.step * np.arange(len(counts), dtype=np.float64)
    kept = two_theta < _angle(record, FINEST)
    return Pattern(
        two_theta[kept],
        counts[kept],
        record.step,
        record.wavelengths,
        record.ratio,
        record.radius,
        record.time_per_step,
    )


def read_film(raw: bytes) -> Pattern:
    """The pattern of a film, which must hold the perovskite's first lines.

    Raises:
        UnreadableError: As `read_pattern`, or if it does not reach from one to the other of `NEEDED`.
        UnusableError: As `read_pattern`.
    """
    record = read_record(PatternRecord, raw, "diffraction pattern")
    first, last = (_angle(record, spacing) for spacing in NEEDED)
    end = record.start + record.step * (len(record.counts) - 1)
    if record.counts and (record.start > first or end < last):
        raise UnreadableError(
            f"The pattern reaches from {record.start:.1f}° to {end:.1f}°; a film's must hold {first:.1f}° to "
            f"{last:.1f}°, where the perovskite's first lines are. Scan farther."
        )
    return read_pattern(raw)


def _angle(record: PatternRecord, spacing: float) -> float:
    """Two-theta (degrees) of a lattice spacing (angstrom)."""
    return 2 * math.degrees(math.asin(min(1.0, record.wavelengths[0] / 2 / spacing)))


def _check_exposure(record: PatternRecord, counts: Array) -> None:
    total = int(counts.sum())
    if total == 0:
        raise UnusableError("Every count of the pattern is 0. Is the shutter open? Look, then measure again.")
    if total < FEWEST:
        raise UnusableError(
            f"The whole pattern holds {total} counts; {FEWEST} are the least. Count longer than "
            f"{record.time_per_step:g} s per step."
        )
    top = float(counts.max())
    first = int(np.argmax(counts))
    width = len(counts[first:]) if np.all(counts[first:] == top) else int(np.argmax(counts[first:] != top))
    if top >= BRIGHT and width >= FLAT:
        raise UnusableError(
            f"{width} neighbouring points from {record.start + first * record.step:.2f}° on hold the same largest "
            f"count {int(top)}: the detector is saturated. Lower the tube's current or put in an attenuator, then "
            "measure again."
        )
    if math.isclose(top, float(counts.min())):
        raise UnusableError(f"Every count of the pattern is {int(top)}; a detector that counts is noisy. Look at it.")
