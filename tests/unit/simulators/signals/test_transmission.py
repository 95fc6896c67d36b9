"""The spectrometer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.signals.transmission import (
    SpectrometerState,
    SpectrumScan,
    film_transmittance,
    glass,
    spectrum,
)
from tests.films import film

SCAN = SpectrumScan()
QUIET = SpectrometerState(noise=0.0)


def _through(made, state=QUIET, seed=1) -> np.ndarray:
    return np.array(spectrum(made, state, SCAN, np.random.default_rng(seed))["transmittance"])


def test_the_range_ends_where_the_detector_is_blind() -> None:
    """350 to 1100 nm: nothing below 1.127 eV."""
    record = spectrum(film(), QUIET, SCAN, np.random.default_rng(1))
    assert set(record) == {"wavelength", "transmittance"}
    assert (record["wavelength"][0], record["wavelength"][-1]) == (350.0, 1100.0)
    assert len(record["wavelength"]) == len(record["transmittance"]) == 376


def test_films_are_dark_above_their_gap_and_clear_below() -> None:
    """1.48 eV are 838 nm."""
    seen = _through(film()) / _through(None)
    at = np.array(SCAN.wavelengths)
    assert seen[at > 950].min() > 0.75
    assert seen[at < 500].max() < 0.05


def test_reflection_takes_a_tenth_to_a_fifth() -> None:
    """Below the gap, fringes left out by a thin film."""
    below = film_transmittance(film(thickness=100.0, urbach=0.012), np.linspace(950.0, 1100.0, 50))
    assert ((below > 0.8) & (below < 0.9)).all()


def test_thick_films_have_fringes_and_thin_ones_none() -> None:
    """4 to 8 % of the transmittance, peak to valley, above 300 nm."""
    at = np.linspace(900.0, 1100.0, 400)
    thick, thin = (film_transmittance(film(thickness=h, urbach=0.012), at) for h in (900.0, 120.0))
    assert 0.04 < (thick.max() - thick.min()) / thick.mean() < 0.08
    assert (thin.max() - thin.min()) / thin.mean() < 0.02


def test_blank_glass_is_clear() -> None:
    """0.9, a little less at both ends."""
    values = glass(np.linspace(350.0, 1100.0, 200))
    assert values.max() < 0.92
    assert values.min() > 0.8
    assert np.allclose(_through(None), glass(SCAN.wavelengths), atol=2e-3)


@given(st.floats(-0.02, 0.02))
@settings(max_examples=20, deadline=None)
def test_a_wrong_baseline_shifts_the_absorbance(baseline) -> None:
    """Property: by as much at every bright wavelength."""
    ratio = _through(None, SpectrometerState(noise=0.0, baseline=baseline)) / _through(None)
    assert np.allclose(-np.log10(ratio), baseline, atol=5e-4)


def test_a_wrong_wavelength_shifts_the_edge() -> None:
    """What is named 800 nm is 802."""
    shifted = _through(film(), SpectrometerState(noise=0.0, shift=2.0))
    assert np.allclose(shifted[100:300], _through(film())[101:301], atol=1.5e-3)


def test_noise_is_photometric() -> None:
    """0.002 absorbance units where there is light, and more with a weak lamp."""
    clean = _through(None)
    bright = -np.log10(_through(None, SpectrometerState(noise=0.002)) / clean)
    weak = -np.log10(_through(None, SpectrometerState(noise=0.002, lamp=0.25)) / clean)
    assert bright.std() == pytest.approx(0.002, rel=0.15)
    assert weak.std() == pytest.approx(0.004, rel=0.15)


def test_a_dead_lamp_gives_no_light() -> None:
    """Readings about zero, of both signs."""
    seen = _through(film(), SpectrometerState(lamp=0.0))
    assert abs(seen).max() < 1e-3
    assert (seen < 0).any()


def test_rough_films_scatter() -> None:
    """Haze falls towards long waves."""
    rough, smooth = (film_transmittance(film(quality=q, gap=None), np.array([400.0, 1000.0])) for q in (0.0, 1.0))
    assert rough[0] / smooth[0] < rough[1] / smooth[1]
