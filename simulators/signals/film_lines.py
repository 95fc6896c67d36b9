"""The lines of a film: which reflections its phases have, how strong by volume, and how broad.

The scale is that of a phase's own structure: volume share, over the square of the cell's volume, over twice the film's
attenuation. What is not said elsewhere is recalled from laboratory practice.
"""

from dataclasses import dataclass

import numpy as np

from simulators.signals.atoms import Contents, Floats
from simulators.signals.crystals import FIXED, chloride_lattice, contents
from simulators.signals.reflections import Reflections, attenuation, reflections
from simulators.world.film_state import Composition, FilmState

MINOR_LENGTH, MINOR_STRAIN = 60.0, 5e-4
"""Length of coherent domains (nm) and microstrain of phases beside the perovskite (assumption)."""

_SOLVATE = ((0.03708, 110.0), (0.04081, 80.0), (0.05189, 60.0))
"""sin θ / λ (1/Å) of the solvate's lines, at 6.55, 7.21 and 9.17° of 2θ, and their intensity per volume.

Places: order of MA2Pb3I8(DMSO)2, Cao, J. Am. Chem. Soc. 138, 9919 (2016), recalled. Intensities, with the Lorentz
factor: assumption, a little weaker than (100) of the denser perovskite.
"""

_SOLVATE_ATTENUATION = 500.0
"""1/cm (assumption: half the heavy atoms per volume of a perovskite)."""


@dataclass(frozen=True)
class Lines:
    """Reflections of one phase with what shapes them.

    Attributes:
        reflections: Where they lie and how strong they are.
        weight: By which their strength is multiplied, cm.
        length: Of coherent domains in nm.
        strain: Microstrain, relative.
    """

    reflections: Reflections
    weight: float
    length: float
    strain: float


def lorentz_polarization(theta: Floats) -> Floats:
    """(1 + cos² 2θ) / (sin² θ cos θ) of a powder in Bragg-Brentano geometry, unpolarized; θ in radians."""
    return np.asarray((1.0 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta)))


def film_attenuation(film: FilmState) -> float:
    """Linear attenuation coefficient of a film for Cu K-alpha in 1/cm, by the volume of its phases."""
    return sum(share * _phase_attenuation(phase, film) for phase, share in film.phases.items() if share > 0)


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


def film_lines(film: FilmState) -> list[Lines]:
    """The lines of every phase that a film holds."""
    thick = 2.0 * film_attenuation(film)
    found = []
    for phase, share in film.phases.items():
        if share > 0:
            main = phase == "perovskite"
            length, strain = (coherent_length(film), film.strain) if main else (MINOR_LENGTH, MINOR_STRAIN)
            found.append(Lines(_phase_reflections(phase, film), share / thick, length, strain))
    return found


def silicon_lines() -> Lines:
    """The lines of a thick silicon powder with grains of a micrometre and no strain."""
    occupants = [{"Si": 1.0}]
    return Lines(reflections("silicon", occupants), 1.0 / (2.0 * attenuation("silicon", occupants)), 1000.0, 0.0)


def _structure(phase: str, film: FilmState) -> tuple[str, float]:
    """The structure that stands for a phase, and its stretch."""
    if phase not in ("perovskite", "cl_perovskite"):
        return phase, 1.0
    lattice = film.lattice if phase == "perovskite" else chloride_lattice(film.composition)
    return "perovskite", lattice / FIXED["perovskite"].cell[0]


def _occupants(phase: str, structure: str, composition: Composition) -> list[Contents]:
    return [contents(site.kind, phase, composition) for site in FIXED[structure].sites]


def _phase_attenuation(phase: str, film: FilmState) -> float:
    if phase == "solvate":
        return _SOLVATE_ATTENUATION
    structure, stretch = _structure(phase, film)
    return attenuation(structure, _occupants(phase, structure, film.composition), stretch)


def _phase_reflections(phase: str, film: FilmState) -> Reflections:
    if phase == "solvate":
        return _solvate()
    structure, stretch = _structure(phase, film)
    return reflections(structure, _occupants(phase, structure, film.composition), march(phase, film), stretch)


def _solvate() -> Reflections:
    s, intensity = np.array(_SOLVATE).T
    strength = intensity / lorentz_polarization(np.arcsin(s * 1.540593))
    return Reflections(s, strength, np.zeros((len(s), 3), dtype=int))
