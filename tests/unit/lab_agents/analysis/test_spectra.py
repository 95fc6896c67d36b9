"""Spectra are checked before anything is read from them."""

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lab_agents.analysis.errors import AnalysisError, UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.spectra import find_absorbance
from tests.optics import MADE, WAVELENGTH, Film, evidence, spectrum, transmittance

GOOD = transmittance(Film(), np.random.default_rng(0), noise=0.002)


def test_a_spectrum_becomes_absorbance_over_rising_energy_with_its_noise() -> None:
    """The noise is found to a third, wherever the film absorbs."""
    absorbance = find_absorbance(evidence(b""), spectrum(GOOD))
    assert np.all(np.diff(absorbance.energy) > 0)
    assert absorbance.energy[[0, -1]] == pytest.approx(1239.84198 / np.array([1100.0, 350.0]))
    assert absorbance.value == pytest.approx(np.maximum(-np.log10(GOOD[::-1]), 0), abs=1e-9)
    assert float(np.median(absorbance.noise)) == pytest.approx(0.002, rel=0.3)


def test_a_blank_is_taken_off() -> None:
    """What glass reflects is not the film's."""
    blank = spectrum(np.full(len(WAVELENGTH), 0.92) + 1e-6 * np.arange(len(WAVELENGTH)))
    bare = find_absorbance(evidence(b""), spectrum(GOOD))
    clear = find_absorbance(evidence(b"", blank=blank), spectrum(GOOD))
    assert bare.value - clear.value == pytest.approx(np.full(len(GOOD), 0.0362), abs=5e-4)


def _at(readings: NDArray[np.float64], place: slice | int, value: float) -> NDArray[np.float64]:
    changed = readings.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        (_at(GOOD, 600, -0.05), "is -0.05 at 950 nm, negative"),
        (_at(GOOD, 600, 1.4), r"is 1\.4 at 950 nm, saturated"),
        (_at(GOOD, slice(600, 650), 0.99), r"stays at exactly 0\.99 from 950 nm on, saturated"),
        (GOOD * 1e-3, "dark"),
    ],
)
def test_a_detector_that_failed_is_said_to_have_failed(readings: NDArray[np.float64], reason: str) -> None:
    """Measuring again may help; a failed blank is named as the blank."""
    with pytest.raises(UnusableError, match=reason) as caught:
        find_absorbance(evidence(b""), spectrum(readings))
    assert caught.value.may_help
    with pytest.raises(UnusableError, match=f"The batch's blank: .*{reason}"):
        find_absorbance(evidence(b"", blank=spectrum(readings)), spectrum(GOOD))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r | {"transmittance": r["transmittance"][:-1]}, "751 wavelengths, but 750 transmittances"),
        (lambda r: {k: v[:600] for k, v in r.items()}, "spans 350 to 949 nm, shorter than the 350 to 1100 nm"),
        (lambda r: {k: v[::10] for k, v in r.items()}, "a reading every 10 nm"),
        (lambda r: r | {"wavelength": r["wavelength"][::-1]}, "wavelengths do not increase"),
        (lambda r: r | {"transmittance": [math.nan, *r["transmittance"][1:]]}, "transmittance"),
        (lambda r: {k: v[:1] for k, v in r.items()}, "two wavelengths above 0"),
        (lambda r: r | {"colour": "red"}, "colour"),
    ],
)
def test_a_record_that_is_no_whole_spectrum_is_refused(
    change: Callable[[dict[str, list[float]]], dict[str, object]], reason: str
) -> None:
    """Shorter than declared, coarse, NaN, torn."""
    raw = json.dumps(change(json.loads(spectrum(GOOD)))).encode()
    with pytest.raises(UnreadableError, match=reason):
        find_absorbance(evidence(b""), raw)


def test_settings_declare_the_range_and_the_number_of_readings() -> None:
    """A spectrum may be short if it was asked to be."""
    raw = json.dumps({k: v[100:600] for k, v in json.loads(spectrum(GOOD)).items()}).encode()
    declared = {"start": 450.0, "stop": 949.0, "points": 500}
    assert len(find_absorbance(Evidence(raw, declared, MADE), raw).energy) == 500
    with pytest.raises(UnreadableError, match="500 readings of the 501 declared"):
        find_absorbance(Evidence(raw, declared | {"points": 501}, MADE), raw)


@given(st.binary(max_size=100))
def test_arbitrary_bytes_end_in_an_analysis_error(raw: bytes) -> None:
    """A foreign blob is a refusal with a reason."""
    with pytest.raises(AnalysisError):
        find_absorbance(evidence(b""), raw)
