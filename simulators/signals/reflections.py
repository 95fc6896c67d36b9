"""Powder reflections of a phase: where they lie and how strong they are, before any instrument.

The geometric part of the structure factors (positions of the sites, angles to the texture axis) depends on the
structure alone and is kept per process; the chemistry enters linearly, by the form factors of what sits on each site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulators.signals.atoms import Complexes, Contents, Floats, cross_section, scattering
from simulators.signals.crystals import FIXED, Crystal

_HIGHEST = 0.42
"""Highest sin θ / λ kept, 1/Å: 2θ up to 80° with copper radiation; longer scans of films show nothing but noise."""

_RESOLUTION = 1e-6
"""Planes whose 1/d² differ by less (1/Å²) overlap wholly, whatever their symmetry, and count as one reflection."""


@dataclass(frozen=True)
class Geometry:
    """All planes of a structure, grouped into reflections of one spacing.

    Attributes:
        inverse: 1/d² per reflection in 1/Å², at the structure's own lattice parameters.
        group: The reflection of each plane.
        waves: Sum of exp(2πi h·r) over the positions of each site, per site and plane.
        axial: cos² of the angle between each plane's normal and the texture axis.
        volume: Of the cell in Å³.
        first: Indices of one plane per reflection.
    """

    inverse: Floats
    group: NDArray[np.intp]
    waves: Complexes
    axial: Floats
    volume: float
    first: NDArray[np.int_]


@dataclass(frozen=True)
class Reflections:
    """Reflections of a phase.

    Attributes:
        s: sin θ / λ = 1 / 2d per reflection, 1/Å.
        strength: Sum over equivalent planes of |F|² and texture, divided by the square of the cell's volume, e²/Å⁶.
        indices: One of the equivalent planes.
    """

    s: Floats
    strength: Floats
    indices: NDArray[np.int_]


def _reciprocal_metric(crystal: Crystal) -> Floats:
    a, b, c, angle = crystal.cell
    cosine = np.cos(np.radians(angle))
    metric = np.diag([a * a, b * b, c * c])
    first, second = (0, 1) if crystal.hexagonal else (0, 2)
    metric[first, second] = metric[second, first] = cosine * crystal.cell[first] * crystal.cell[second]
    # Exact right angles: the cosine of 90° is 6e-17 in floating point, below the resolution.
    return np.asarray(np.linalg.inv(metric))


@lru_cache(maxsize=32)
def geometry(phase: str) -> Geometry:
    """The planes of a phase of `FIXED` up to 2θ = 80°."""
    crystal = FIXED[phase]
    reciprocal = _reciprocal_metric(crystal)
    limit = (2 * _HIGHEST) ** 2
    reach = [int(edge * 2 * _HIGHEST) + 1 for edge in crystal.cell[:3]]
    ranges = [np.arange(-n, n + 1) for n in reach]
    planes = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    squares = np.einsum("ni,ij,nj->n", planes, reciprocal, planes)
    kept = (squares > 1e-9) & (squares <= limit)
    planes, squares = planes[kept], squares[kept]
    _, first, group = np.unique(np.round(squares / _RESOLUTION).astype(int), return_index=True, return_inverse=True)
    axis = np.array(crystal.axis)
    along = planes @ reciprocal @ axis
    axial = along**2 / (squares * (axis @ reciprocal @ axis))
    waves = np.stack([_waves(planes, site.positions) for site in crystal.sites])
    volume = 1.0 / float(np.sqrt(np.linalg.det(reciprocal)))
    return Geometry(squares[first], group, waves, np.clip(axial, 0.0, 1.0), volume, planes[first])


def _waves(planes: NDArray[np.int_], positions: Sequence[tuple[float, float, float]]) -> Complexes:
    return np.asarray(np.exp(2j * np.pi * (planes @ np.array(positions).T)).sum(axis=1), dtype=np.complex128)


def march_dollase(axial: Floats, march: float) -> Floats:
    """Density of grains whose planes lie parallel to the substrate, relative to a powder without texture.

    Dollase, J. Appl. Cryst. 19, 267 (1986): P = (r² cos² a + sin² a / r)^(-3/2), with a the angle to the texture axis.

    Args:
        axial: cos² of that angle.
        march: r; below 1 the axis stands upright, 1 is no texture.
    """
    return np.asarray((march**2 * axial + (1.0 - axial) / march) ** -1.5)


def reflections(phase: str, occupants: Sequence[Contents], march: float = 1.0, stretch: float = 1.0) -> Reflections:
    """Reflections of a phase.

    Args:
        phase: A name of `FIXED`.
        occupants: What sits on each site of that structure, in its order.
        march: Texture parameter of March and Dollase.
        stretch: Lattice parameter relative to that of the structure.
    """
    planes = geometry(phase)
    s = np.sqrt(planes.inverse) / (2.0 * stretch)
    amplitude = np.zeros(planes.group.shape, dtype=np.complex128)
    for site, occupant, waves in zip(FIXED[phase].sites, occupants, planes.waves, strict=True):
        damped = scattering(occupant, s) * np.exp(-site.motion * s**2)
        amplitude += damped[planes.group] * waves
    weights = np.abs(amplitude) ** 2 * march_dollase(planes.axial, march)
    strength = np.bincount(planes.group, weights=weights) / (planes.volume * stretch**3) ** 2
    return Reflections(s, strength, planes.first)


def attenuation(phase: str, occupants: Sequence[Contents], stretch: float = 1.0) -> float:
    """Linear attenuation coefficient of a phase for Cu K-alpha in 1/cm."""
    sites = FIXED[phase].sites
    total = sum(len(site.positions) * cross_section(occupant) for site, occupant in zip(sites, occupants, strict=True))
    # 1 Å = 1e-8 cm
    return total / (geometry(phase).volume * stretch**3) * 1e24
