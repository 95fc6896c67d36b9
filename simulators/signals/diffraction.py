"""The diffractometer: counts over 2θ of a film on glass, of the glass alone and of a silicon powder.

Bragg-Brentano geometry with a strip detector and no monochromator behind the sample. What is not said elsewhere is
recalled from laboratory practice: 1,000 to 10,000 counts at the (100) line of a good film of 500 nm in one second.
"""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Floats
from simulators.signals.film_lines import Lines, film_attenuation, film_lines, lorentz_polarization, silicon_lines
from simulators.signals.profile import Resolution, mixed_width, size_width, strain_width, traced
from simulators.signals.raw_record import RawRecord
from simulators.world.film_state import FilmState

WAVELENGTHS = (1.540593, 1.544414)
"""Cu K-alpha1 and K-alpha2 in Å: Hölzer, Phys. Rev. A 56, 4554 (1997)."""

RATIO = 0.5
"""Strength of K-alpha2 relative to K-alpha1."""

RADIUS = 240.0
"""From the sample to the detector in mm (assumption: a common goniometer)."""


@dataclass(frozen=True)
class DiffractionScan:
    """What is asked for: from `start` to `stop` in `step` (degrees of 2θ), `time_per_step` seconds each.

    No line of a film is kept beyond 78°.
    """

    start: float = 8.0
    stop: float = 45.0
    step: float = 0.02
    time_per_step: float = 0.5

    @property
    def angles(self) -> Floats:
        """Every angle of the scan in degrees of 2θ."""
        return np.asarray(
            self.start + self.step * np.arange(round((self.stop - self.start) / self.step) + 1), dtype=float
        )


@dataclass(frozen=True)
class DiffractometerState:
    """How the instrument and the mounted sample are, unknown to whoever reads the pattern.

    Attributes:
        zero: Error of the angle's zero in degrees of 2θ.
        displacement: Height of the surface above the axis in mm.
        tube: Brightness of the tube, 1 when new; a dying tube sinks.
        shutter_open: A stuck shutter leaves only what the detector counts in the dark.
        tilt: Of a badly mounted sample in degrees.
        saturation: Counts per second that the detector cannot exceed; None for a detector that keeps up.
    """

    zero: float = 0.0
    displacement: float = 0.0
    tube: float = 1.0
    shutter_open: bool = True
    tilt: float = 0.0
    saturation: float | None = None


_BRIGHTNESS = 7.2e3
"""Counts per second, degree and unit of strength: gives (100) of a good 500 nm FAPbI3 film about 5,000 a second."""

_DARK = 1.5
"""Counts per second of the detector behind a closed shutter (assumption)."""

_LIFT = 0.15
"""Height in mm that a sample gains on the axis per degree of tilt (assumption: it lies on an edge 9 mm away)."""

_ROCKING = 2.0
"""Tilt in degrees at which a textured film has lost 1 - 1/e of its intensity (assumption)."""

_POWDER_BACKGROUND = 40.0
"""Counts per second between the lines of a silicon powder (assumption)."""


def pattern(
    film: FilmState | None, state: DiffractometerState, scan: DiffractionScan, rng: np.random.Generator
) -> RawRecord:
    """What the diffractometer records of a film on its glass, or of the blank glass where there is none."""
    angles = scan.angles
    if film is None:
        return _recorded(_glass(angles, 0.0), state, scan, rng)
    absorption = film_attenuation(film) * film.thickness * 1e-7
    rate = _glass(angles, absorption) + _counted(film_lines(film), angles, state, absorption)
    return _recorded(rate, state, scan, rng)


def silicon_pattern(state: DiffractometerState, scan: DiffractionScan, rng: np.random.Generator) -> RawRecord:
    """What the diffractometer records of a thick, flat silicon powder as in the standards SRM 640."""
    rate = _POWDER_BACKGROUND + _counted([silicon_lines()], scan.angles, state, np.inf)
    return _recorded(rate, state, scan, rng)


def shown_at(theta: Floats, state: DiffractometerState) -> Floats:
    """The angle 2θ in degrees at which an instrument in that state shows a reflection at `theta` in radians.

    2θ + zero - 2 (s / R) cos θ, with the displacement s.
    """
    height = state.displacement + _LIFT * abs(state.tilt)
    return np.asarray(2 * np.degrees(theta) + state.zero - np.degrees(2 * height / RADIUS * np.cos(theta)))


def _counted(found: list[Lines], angles: Floats, state: DiffractometerState, absorption: float) -> Floats:
    """Counts per second of all lines at every angle, for a tube of brightness 1."""
    low, high = np.sin(np.radians((angles[0] - 2.0) / 2)), np.sin(np.radians((angles[-1] + 2.0) / 2))
    parts = []
    for lines in found:
        for wavelength, share in zip(WAVELENGTHS, (1.0, RATIO), strict=True):
            sine = lines.reflections.s * wavelength
            seen = (sine > low) & (sine < high)
            theta = np.arcsin(sine[seen])
            area = share * _BRIGHTNESS * lines.weight * lines.reflections.strength[seen] * lorentz_polarization(theta)
            area *= 1.0 - np.exp(-2.0 * absorption / np.sin(theta))
            broad = size_width(theta, wavelength, lines.length) + strain_width(theta, lines.strain)
            width, lorentzian = mixed_width(Resolution().width(theta), broad)
            parts.append(np.stack([shown_at(theta, state), area, width, lorentzian]))
    place, area, width, lorentzian = np.concatenate(parts, axis=1)
    return traced(angles, place, area, width, lorentzian)


def _glass(angles: Floats, absorption: float) -> Floats:
    """Counts per second from air and glass: falling, with the glass's hump at 22 to 25° seen through the film."""
    theta = np.radians(angles / 2)
    hump = 130.0 * np.exp(-0.5 * ((angles - 23.5) / 4.0) ** 2)
    return np.asarray(45.0 + 200.0 * np.exp(-(angles - 8.0) / 9.0) + hump * np.exp(-2.0 * absorption / np.sin(theta)))


def _recorded(rate: Floats, state: DiffractometerState, scan: DiffractionScan, rng: np.random.Generator) -> RawRecord:
    bright = state.tube * float(np.exp(-((state.tilt / _ROCKING) ** 2))) if state.shutter_open else 0.0
    expected = bright * rate + _DARK
    if state.saturation is not None:
        expected = np.minimum(expected, state.saturation)
    counts = rng.poisson(expected * scan.time_per_step)
    if state.saturation is not None:
        counts = np.minimum(counts, int(state.saturation * scan.time_per_step))
    return {
        "start": scan.start,
        "step": scan.step,
        "counts": [int(count) for count in counts],
        "time_per_step": scan.time_per_step,
        "wavelengths": list(WAVELENGTHS),
        "ratio": RATIO,
        "radius": RADIUS,
    }
