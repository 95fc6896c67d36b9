"""The UV-vis spectrometer: transmittance of a film on glass, or of the blank glass, against air."""

from dataclasses import dataclass

import numpy as np

from simulators.signals.absorption import PLANCK, absorbance
from simulators.signals.atoms import Floats
from simulators.signals.raw_record import RawRecord
from simulators.world.film_state import FilmState


@dataclass(frozen=True)
class SpectrumScan:
    """What is asked for: wavelengths from `start` to `stop` in `step`, nm.

    The silicon detector ends at 1100 nm: below 1.15 eV the spectrometer is blind.
    """

    start: float = 350.0
    stop: float = 1100.0
    step: float = 2.0

    @property
    def wavelengths(self) -> Floats:
        """Every wavelength as the instrument names it, nm."""
        return np.asarray(
            self.start + self.step * np.arange(round((self.stop - self.start) / self.step) + 1), dtype=float
        )


@dataclass(frozen=True)
class SpectrometerState:
    """How the spectrometer is, unknown to whoever reads the spectrum.

    Attributes:
        baseline: Error of the zero in absorbance units; drifts by about 0.005 an hour.
        shift: True minus named wavelength in nm, about ±0.3.
        lamp: Brightness, 1 when new; noise grows as it sinks, and 0 gives no transmittance at all.
        noise: Standard deviation in absorbance units of a bright reading, 0.001 to 0.003.
        stray: Share of stray light, which hides absorbances above about 3.5.
    """

    baseline: float = 0.0
    shift: float = 0.0
    lamp: float = 1.0
    noise: float = 0.0015
    stray: float = 2e-4


_DARK_NOISE = 1e-4
"""Standard deviation of a reading without light, relative to a full one (assumption)."""

_INDEX = 2.4
"""Refractive index of halide perovskites below the gap."""

_HAZE = 0.03
"""Absorbance that the roughness of the worst film scatters away at 600 nm, falling as λ⁻² (assumption)."""


def spectrum(
    film: FilmState | None, state: SpectrometerState, scan: SpectrumScan, rng: np.random.Generator
) -> RawRecord:
    """What the spectrometer records of a film on its glass, or of the blank glass where there is none."""
    named = scan.wavelengths
    true = named + state.shift
    through = glass(true) if film is None else glass(true) * film_transmittance(film, true)
    seen = (through + state.stray) * 10.0**-state.baseline
    # Photometric noise is relative to the light; the detector's own is not.
    relative = seen * np.log(10.0) * state.noise / np.sqrt(max(state.lamp, 1e-6))
    spread = np.sqrt(relative**2 + (_DARK_NOISE / max(state.lamp, 1e-6)) ** 2) if state.lamp > 0 else _DARK_NOISE
    level = seen if state.lamp > 0 else np.zeros(named.shape)
    read = level + spread * rng.standard_normal(named.shape)
    return {
        "wavelength": [round(float(value), 3) for value in named],
        "transmittance": [round(float(value), 6) for value in read],
    }


def glass(wavelength: Floats) -> Floats:
    """Transmittance of blank soda-lime glass: 0.915 by its two faces, falling towards its edge at 310 nm (recalled)."""
    return np.asarray(0.915 * (1.0 - np.exp(-(wavelength - 300.0) / 18.0)) * (1.0 - 0.02 * (wavelength / 1000.0) ** 2))


def film_transmittance(film: FilmState, wavelength: Floats) -> Floats:
    """What a film adds to its glass: (1 - Rf) exp(-absorption times thickness), haze and the fringes of a thick film.

    Rf is 0.1 to 0.2, more for a smooth film and for short waves (recalled; its form is an assumption). Fringes need a
    film of some 300 nm and light that comes back from the glass: they die where the film absorbs.
    """
    depth = absorbance(PLANCK / wavelength, film)
    reflected = (0.11 + 0.04 * film.quality) * (1.0 + 0.3 * np.exp(-((wavelength - 350.0) / 250.0)))
    haze = _HAZE * (1.0 - film.quality) * (600.0 / wavelength) ** 2
    visible = 0.03 * film.quality / (1.0 + np.exp(-(film.thickness - 300.0) / 25.0))
    fringes = 1.0 + visible * np.exp(-depth) * np.cos(4 * np.pi * _INDEX * film.thickness / wavelength)
    return np.asarray((1.0 - reflected) * np.exp(-depth) * 10.0**-haze * fringes)
