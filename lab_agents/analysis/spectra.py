"""Transmission spectra: the spectrometer's raw record, checked, to an absorbance over photon energy with its noise.

[CODATA2018] Tiesinga et al., Rev. Mod. Phys. 93, 025010 (2021): hc = 1239.84198 eV nm.
[vonNeumann1941] von Neumann, Ann. Math. Stat. 12, 367 (1941): noise from differences of successive readings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from lab_agents.analysis.errors import AnalysisError, UnreadableError, UnusableError
from lab_agents.analysis.evidence import BLANK, Evidence
from lab_agents.analysis.reading import find_setting, read_record
from lab_agents.records.base import Record

HC = 1239.84198
"""Photon energy times wavelength in eV nm [CODATA2018]."""

RANGE = (350.0, 1100.0)
"""Wavelengths in nm that a spectrum spans where its settings (`start`, `stop`) declare no others."""

COARSEST = 5.0
"""Mean step in nm: with fewer readings an edge of 60 meV has no ten of its own."""

SLACK = 1.0
"""Steps by which a spectrum may end before what was declared: rounding of the last reading, no more."""

NEGATIVE, SATURATED = -0.002, 1.05
"""Transmittances beyond which the detector is wrong: dark noise and drift of the lamp stay inside."""

DARK = 0.02
"""Transmittance that some reading must exceed; below, there was no light."""

PLATEAU = 20
"""Equal readings in a row that no noisy detector gives below its limit."""

OPAQUE = 1e-4
"""Least transmittance that is believed; what is below has this one, and noise to match."""

_SMOOTHING = 41  # readings over which the noise is taken to be equal
_QUIETEST = 2e-4  # least believable noise of an absorbance

Array = NDArray[np.float64]


class Spectrum(Record):
    """The spectrometer's raw record: `wavelength` in nm, rising; `transmittance` against air, 0 to 1."""

    wavelength: tuple[float, ...]
    transmittance: tuple[float, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> "Spectrum":
        if len(self.wavelength) != len(self.transmittance):
            raise ValueError(f"{len(self.wavelength)} wavelengths, but {len(self.transmittance)} transmittances")
        if any(later <= earlier for earlier, later in zip(self.wavelength, self.wavelength[1:], strict=False)):
            raise ValueError("wavelengths do not increase")
        if len(self.wavelength) < 2 or self.wavelength[0] <= 0:
            raise ValueError("a spectrum has two wavelengths above 0 or more")
        return self


@dataclass(frozen=True)
class Absorbance:
    """An absorbance over photon energy.

    Attributes:
        energy: In eV, rising, shape (n,).
        value: -log10 of the transmittance, against the blank where there is one, shape (n,).
        noise: Its standard deviation, from reading to reading, shape (n,).
    """

    energy: Array
    value: Array
    noise: Array


def find_absorbance(evidence: Evidence, raw: bytes) -> Absorbance:
    """The absorbance of a spectrum against the batch's blank, if the evidence has one, else against air.

    Args:
        evidence: Its settings say what was declared (`start` and `stop` in nm, `points`); `earlier` may hold `blank`.
        raw: The spectrum: `evidence.raw`, or an earlier one.

    Raises:
        UnreadableError: If the record is none, or shorter or coarser than declared.
        UnusableError: If the detector was dark, saturated or negative.
    """
    wavelength, transmittance = _read(evidence, raw)
    value = -np.log10(np.maximum(transmittance, OPAQUE))
    blank = evidence.earlier.get(BLANK)
    if blank is not None:
        try:
            at, clear = _read(evidence, blank)
        except AnalysisError as error:
            raise type(error)(f"The batch's blank: {error}") from error
        value = value + np.interp(wavelength, at, np.log10(np.maximum(clear, OPAQUE)))
    return Absorbance(HC / wavelength[::-1], value[::-1], _noise(value)[::-1])


def _read(evidence: Evidence, raw: bytes) -> tuple[Array, Array]:
    spectrum = read_record(Spectrum, raw, "spectrum")
    wavelength, transmittance = np.array(spectrum.wavelength), np.array(spectrum.transmittance)
    _check_span(evidence, wavelength)
    _check_light(wavelength, transmittance)
    return wavelength, transmittance


def _check_span(evidence: Evidence, wavelength: Array) -> None:
    start, stop = find_setting(evidence, "start") or RANGE[0], find_setting(evidence, "stop") or RANGE[1]
    first, last, n = float(wavelength[0]), float(wavelength[-1]), len(wavelength)
    step = (last - first) / (n - 1)
    if step > COARSEST:
        raise UnreadableError(f"The spectrum has a reading every {step:.3g} nm; it takes one every {COARSEST:g} nm.")
    if first > start + SLACK * step or last < stop - SLACK * step:
        raise UnreadableError(
            f"The spectrum spans {first:g} to {last:g} nm, shorter than the {start:g} to {stop:g} nm declared. "
            "Look at the spectrometer's scan."
        )
    points = find_setting(evidence, "points")
    if points is not None and n < points:
        raise UnreadableError(f"The spectrum has {n} readings of the {points:g} declared. Look at the transfer.")


def _check_light(wavelength: Array, transmittance: Array) -> None:
    lowest, highest = int(np.argmin(transmittance)), int(np.argmax(transmittance))
    if transmittance[lowest] < NEGATIVE:
        what = f"is {transmittance[lowest]:.3g} at {wavelength[lowest]:g} nm, negative"
    elif transmittance[highest] > SATURATED:
        what = f"is {transmittance[highest]:.3g} at {wavelength[highest]:g} nm, saturated"
    elif transmittance[highest] < DARK:
        what = f"is nowhere above {transmittance[highest]:.3g}, dark"
    elif (place := _plateau(transmittance)) is not None:
        what = f"stays at exactly {transmittance[place]:.3g} from {wavelength[place]:g} nm on, saturated"
    else:
        return
    raise UnusableError(f"The transmittance {what}. Look at lamp, detector and reference, then measure again.")


def _plateau(transmittance: Array) -> int | None:
    """Where `PLATEAU` readings with light in them are equal, or None."""
    equal = 0
    for place in range(1, len(transmittance)):
        is_equal = transmittance[place] == transmittance[place - 1] and transmittance[place] > DARK
        equal = equal + 1 if is_equal else 0
        if equal >= PLATEAU - 1:
            return place - equal
    return None


def _noise(value: Array) -> Array:
    """Local noise by second differences, in which everything smooth cancels [vonNeumann1941]."""
    if len(value) < _SMOOTHING + 2:
        return np.full(len(value), max(_QUIETEST, float(np.std(np.diff(value, 2))) / 6**0.5))
    squares = np.pad(np.diff(value, 2) ** 2 / 6, 1, mode="edge")
    padded = np.pad(squares, _SMOOTHING // 2, mode="reflect")
    mean = np.convolve(padded, np.full(_SMOOTHING, 1 / _SMOOTHING), mode="valid")
    return np.maximum(np.sqrt(mean), _QUIETEST)
