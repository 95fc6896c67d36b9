"""The diffractometer: counts over 2θ of a film on glass, of the glass alone and of a silicon powder.

Bragg-Brentano geometry with a strip detector and no monochromator behind the sample. What is not said elsewhere is
recalled from laboratory practice: 1,000 to 10,000 counts at the (100) line of a good film of 500 nm in one second.
"""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Floats
from simulators.signals.crystals import FIXED, chloride_lattice, contents
from simulators.signals.profile import Resolution, mixed_width, pseudo_voigt, size_width, strain_width
from simulators.signals.raw_record import RawRecord
from simulators.signals.reflections import Reflections, attenuation, reflections
from simulators.world.film_state import Composition, FilmState

WAVELENGTHS = (1.540593, 1.544414)
"""Cu K-alpha1 and K-alpha2 in Å: Hölzer, Phys. Rev. A 56, 4554 (1997)."""

RATIO = 0.5
"""Strength of K-alpha2 relative to K-alpha1."""

RADIUS = 240.0
"""From the sample to the detector in mm (assumption: a common goniometer)."""


@dataclass(frozen=True)
class DiffractionScan:
    """What is asked for: from `start` to `stop` in `step` (degrees of 2θ), `time_per_step` seconds each."""

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


@dataclass(frozen=True)
class _Lines:
    """Reflections of one phase with what shapes them: weight, domain length (nm) and microstrain."""

    reflections: Reflections
    weight: float
    length: float
    strain: float


_BRIGHTNESS = 7.2e3
"""Counts per second, degree and unit of strength; sets the (100) line of a good 500 nm FAPbI3 film to about 4,000."""

_DARK = 1.5
"""Counts per second of the detector behind a closed shutter (assumption)."""

_LIFT = 0.15
"""Height in mm that a sample gains on the axis per degree of tilt (assumption: it lies on an edge 9 mm away)."""

_ROCKING = 2.0
"""Tilt in degrees at which a textured film has lost 1 - 1/e of its intensity (assumption)."""

_MINOR_LENGTH, _MINOR_STRAIN = 60.0, 5e-4
"""Domain length (nm) and microstrain of phases beside the perovskite (assumption)."""

_SOLVATE = np.array([[6.55, 1.0], [7.21, 0.7], [9.17, 0.6]])
"""2θ and relative strength of the solvate's lines: order of those of MA2Pb3I8(DMSO)2, Cao, J. Am. Chem. Soc. 138, 9919
(2016), recalled. Strengths are in units of `_SOLVATE_STRENGTH`, an assumption: as strong as PbI2 per volume."""

_SOLVATE_STRENGTH = 0.6


def pattern(
    film: FilmState | None, state: DiffractometerState, scan: DiffractionScan, rng: np.random.Generator
) -> RawRecord:
    """What the diffractometer records of a film on its glass, or of the blank glass where there is none."""
    angles = scan.angles
    if film is None:
        return _recorded(_glass(angles, 0.0), state, scan, rng)
    absorption = film_attenuation(film) * film.thickness * 1e-7
    rate = _glass(angles, absorption)
    for lines in _film_lines(film):
        rate += _counted(lines, angles, state, absorption)
    return _recorded(rate, state, scan, rng)


def silicon_pattern(state: DiffractometerState, scan: DiffractionScan, rng: np.random.Generator) -> RawRecord:
    """What the diffractometer records of a thick, flat silicon powder as in the standards SRM 640."""
    occupants = [{"Si": 1.0}]
    lines = _Lines(reflections("silicon", occupants), 1.0 / (2.0 * attenuation("silicon", occupants)), 1000.0, 0.0)
    angles = scan.angles
    rate = 40.0 + _counted(lines, angles, state, np.inf)
    return _recorded(rate, state, scan, rng)


def film_attenuation(film: FilmState) -> float:
    """Linear attenuation coefficient of a film for Cu K-alpha in 1/cm, by the volume of its phases."""
    total = 0.0
    for phase, share in film.phases.items():
        if share > 0:
            # A solvate holds about half the heavy atoms per volume of a perovskite.
            total += share * (500.0 if phase == "solvate" else _phase_attenuation(phase, film))
    return total


def march(phase: str, film: FilmState) -> float:
    """Texture parameter of a phase: films stand the more upright, the better the antisolvent step was.

    Recalled ranges: 0.5 to 0.9 on (100) of the perovskite, 0.3 to 0.7 on (001) of PbI2; how they depend on the quality
    is an assumption.
    """
    if phase in ("perovskite", "cl_perovskite"):
        return 0.9 - 0.3 * film.quality
    return 0.7 - 0.3 * film.quality if phase == "pbi2" else 1.0


def coherent_length(film: FilmState) -> float:
    """Length in nm over which the perovskite diffracts in step along the normal: no longer than grain or film.

    Assumption: the inverse lengths add.
    """
    return 1.0 / (1.0 / film.grain + 1.0 / film.thickness)


def _structure(phase: str, film: FilmState) -> tuple[str, float]:
    """The structure that stands for a phase, and its stretch."""
    if phase not in ("perovskite", "cl_perovskite"):
        return phase, 1.0
    lattice = film.lattice if phase == "perovskite" else chloride_lattice(film.composition)
    return "perovskite", lattice / FIXED["perovskite"].cell[0]


def _occupants(phase: str, structure: str, composition: Composition) -> list[dict[str, float]]:
    return [dict(contents(site.kind, phase, composition)) for site in FIXED[structure].sites]


def _phase_attenuation(phase: str, film: FilmState) -> float:
    structure, stretch = _structure(phase, film)
    return attenuation(structure, _occupants(phase, structure, film.composition), stretch)


def _film_lines(film: FilmState) -> list[_Lines]:
    found = []
    film_mu = film_attenuation(film)
    for phase, share in film.phases.items():
        if share <= 0:
            continue
        if phase == "solvate":
            found_reflections = _solvate()
        else:
            structure, stretch = _structure(phase, film)
            occupants = _occupants(phase, structure, film.composition)
            found_reflections = reflections(structure, occupants, march(phase, film), stretch)
        main = phase == "perovskite"
        length, strain = (coherent_length(film), film.strain) if main else (_MINOR_LENGTH, _MINOR_STRAIN)
        found.append(_Lines(found_reflections, share / (2.0 * film_mu), length, strain))
    return found


def _solvate() -> Reflections:
    s = np.sin(np.radians(_SOLVATE[:, 0] / 2)) / WAVELENGTHS[0]
    return Reflections(s, _SOLVATE_STRENGTH * _SOLVATE[:, 1] * s, np.zeros((len(s), 3), dtype=int))


def lorentz_polarization(theta: Floats) -> Floats:
    """(1 + cos² 2θ) / (sin² θ cos θ) of a powder in Bragg-Brentano geometry, unpolarized."""
    return np.asarray((1.0 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta)))


def shown_at(theta: Floats, state: DiffractometerState) -> Floats:
    """The angle 2θ in degrees at which an instrument in that state shows a reflection at `theta` in radians.

    2θ + zero - 2 (s / R) cos θ, with the displacement s.
    """
    height = state.displacement + _LIFT * abs(state.tilt)
    return np.asarray(2 * np.degrees(theta) + state.zero - np.degrees(2 * height / RADIUS * np.cos(theta)))


def _counted(lines: _Lines, angles: Floats, state: DiffractometerState, absorption: float) -> Floats:
    """Counts per second of one phase at every angle, for a tube of brightness 1."""
    rate = np.zeros(angles.shape)
    for wavelength, share in zip(WAVELENGTHS, (1.0, RATIO), strict=True):
        sine = lines.reflections.s * wavelength
        low, high = np.sin(np.radians((angles[0] - 2.0) / 2)), np.sin(np.radians((angles[-1] + 2.0) / 2))
        seen = (sine > low) & (sine < high)
        theta = np.arcsin(sine[seen])
        area = share * _BRIGHTNESS * lines.weight * lines.reflections.strength[seen] * lorentz_polarization(theta)
        area *= 1.0 - np.exp(-2.0 * absorption / np.sin(theta))
        # Lines below a ten thousandth of the strongest drown in the background's noise.
        strong = area > 1e-4 * area.max(initial=0.0)
        theta, area = theta[strong], area[strong]
        broad = size_width(theta, wavelength, lines.length) + strain_width(theta, lines.strain)
        width, lorentzian = mixed_width(Resolution().width(theta), broad)
        distance = angles[None, :] - shown_at(theta, state)[:, None]
        rate += area @ pseudo_voigt(distance, width[:, None], lorentzian[:, None])
    return rate


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
