"""Reflections of a phase: structure factors from its sites, kept by filling.

The atomic scattering factors are those of pymatgen's XRDCalculator, f(s) = Z - 41.78214 s² Σ a exp(-b s²), and so is
the sum over sites [DeGraef2012]; summed here because texture needs each lattice vector by itself, which the calculator
has merged by angle. Hydrogen is left out, as is usual; an organic cation is a carbon and its nitrogens at the distance
of their bonds, free to turn (sin(qr)/qr).

[DeGraef2012] De Graef and McHenry, Structure of Materials, chapters 11 and 12.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lab_agents.analysis.diffraction.composition import Filling, Occupants
from lab_agents.analysis.diffraction.pattern import Array
from lab_agents.analysis.diffraction.structures import FORMS, SOLVATE, Form
from lab_agents.analysis.errors import AnalysisError

FINEST = 1.9
"""Smallest lattice spacing (angstrom) that is looked up: copper radiation reaches it at 48°."""

FAINT = 2e-4
"""Reflections weaker than this share of the phase's strongest are dropped; texture may raise them tenfold."""

SAME_PLACE = 1e-3
"""Sites nearer to one another than this fraction of the cell's edges are one."""

MOLECULES: Mapping[str, tuple[tuple[str, float, float], ...]] = MappingProxyType(
    {  # element, number, distance (angstrom) from the middle; bonds C-N 1.49 and 1.31, angle N-C-N 125°
        "MA": (("C", 1.0, 0.75), ("N", 1.0, 0.75)),
        "FA": (("C", 1.0, 0.40), ("N", 2.0, 1.17)),
    }
)

Kept = NDArray[np.bool_]


@dataclass(frozen=True)
class Reflections:
    """Lattice planes of one phase, each with the lattice vectors that share its spacing.

    Attributes:
        name: The phase.
        spacing: d in angstrom in the starting cell, shape (planes,), falling.
        strength: |F|² of each lattice vector over the cell's volume squared (per angstrom⁶), shape (vectors,).
        turn: cos² of the angle between vector and texture axis, shape (vectors,); 1/3 where there is no axis.
        first: Index of the first vector of each plane, shape (planes,).
        volume: Of the cell, angstrom³.
    """

    name: str
    spacing: Array
    strength: Array
    turn: Array
    first: NDArray[np.int64]
    volume: float

    def textured(self, march: Array) -> Array:
        """Strength of each plane under March-Dollase texture of parameters `march` (1 for none).

        Args:
            march: Shape (n,).

        Returns:
            Shape (n, planes).
        """
        r = march[:, None]
        weight = (r**2 * self.turn + (1 - self.turn) / r) ** -1.5
        return np.add.reduceat(self.strength * weight, self.first, axis=1)


@lru_cache(maxsize=256)
def find_reflections(name: str, filling: Filling, lattice: float | None = None) -> Reflections:
    """The reflections of a phase of `FORMS`, its mixed sites filled; `lattice` replaces a cubic cell's parameter."""
    form = FORMS[name]
    cell = form.cell if lattice is None else (lattice, lattice, lattice, 90.0, 90.0, 90.0)
    sites = {"a": filling.a, "b": filling.b, "x": filling.x}
    placed = [(sites.get(role, ((role, 1.0),)), position) for role, position in _expand(name)]
    return reflect(name, cell, placed, form.axis)


def solvate_reflections() -> Reflections:
    """The solvate's three lines, of which no structure with positions is at hand; see `structures`."""
    spacing = np.array([13.49, 12.26, 9.64])
    return Reflections(SOLVATE, spacing, np.full(3, 0.15), np.full(3, 1 / 3), np.arange(3), 3040.0)


def reflect(
    name: str,
    cell: tuple[float, float, float, float, float, float],
    sites: list[tuple[Occupants, tuple[float, float, float]]],
    axis: tuple[int, int, int] | None,
) -> Reflections:
    """The reflections of a cell (angstrom, degrees) with all its sites and their occupants.

    Args:
        name: The phase.
        cell: a, b, c, alpha, beta, gamma.
        sites: Every site of the cell, none left to symmetry.
        axis: Direction of texture as a lattice plane (hkl), or None.
    """
    metric = _reciprocal(cell)
    indices, length = _vectors(metric, 1 / FINEST)
    amplitude = np.zeros(len(indices), dtype=complex)
    factors: dict[Occupants, Array] = {}
    for occupants, position in sites:
        if occupants not in factors:
            factors[occupants] = sum((share * _scattering(e, length) for e, share in occupants), np.zeros(len(length)))
        amplitude += factors[occupants] * np.exp(2j * np.pi * (indices @ np.array(position)))
    volume = 1 / float(np.linalg.det(metric))
    strength = np.abs(amplitude) ** 2 / volume**2
    turn = np.full(len(indices), 1 / 3)
    if axis is not None:
        along = np.array(axis) @ metric
        turn = ((indices @ metric) @ along) ** 2 / (length**2 * float(along @ along))
    return _gather(name, length, strength, turn, volume)


def _gather(name: str, length: Array, strength: Array, turn: Array, volume: float) -> Reflections:
    order = np.argsort(length, kind="stable")
    length, strength, turn = length[order], strength[order], turn[order]
    first = np.flatnonzero(np.r_[True, np.diff(length) > 1e-6])
    plane = np.cumsum(np.r_[False, np.diff(length) > 1e-6])
    total = np.add.reduceat(strength, first) / length[first] ** 2  # seen by the counter: low angles are brighter
    bright = total > FAINT * total.max()
    kept = bright[plane]
    sizes = np.bincount(plane)[bright]
    starts = np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int64)
    return Reflections(name, 1 / length[first][bright], strength[kept], turn[kept], starts, volume)


@lru_cache(maxsize=32)
def _expand(name: str) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    return expand(FORMS[name])


def expand(form: Form) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    """All sites of a form's cell by its space group: role and position."""
    operations = _operations(form.group)
    return tuple((role, place) for role, *position in form.sites for place in _orbit(operations, np.array(position)))


def _orbit(operations: Array, position: Array) -> list[tuple[float, float, float]]:
    """The different images of a position (fractions of the cell) under operations, shape (n, 3, 4), within one cell."""
    images = (operations[:, :, :3] @ position + operations[:, :, 3]) % 1.0
    places: list[Array] = []
    for image in images:
        apart = [np.abs(image - place - np.round(image - place)).max() for place in places]
        if not apart or min(apart) > SAME_PLACE:
            places.append(image)
    return [(float(x), float(y), float(z)) for x, y, z in places]


@lru_cache(maxsize=32)
def _operations(symbol: str) -> Array:
    """The operations of a space group by its symbol, shape (n, 3, 4): rotation and translation.

    Read from pymatgen's list: its `SpaceGroup` compares each pair of them, which takes half a second for a cubic one.

    Raises:
        AnalysisError: If there is no such group.
    """
    from pymatgen.core.operations import SymmOp  # half a second to import, and not every process needs it
    from pymatgen.symmetry.groups import SpaceGroup

    full = SpaceGroup.abbrev_sg_mapping.get(symbol, symbol)
    names = ("hermann_mauguin", "universal_h_m", "hermann_mauguin_u")
    for group in SpaceGroup.SYMM_OPS:
        if full in (group[name] for name in names):
            return np.array([SymmOp.from_xyz_str(text).affine_matrix[:3] for text in group["symops"]])
    raise AnalysisError(f"There is no space group {symbol!r}. Write its international symbol, for instance Pm-3m.")


def _reciprocal(cell: tuple[float, float, float, float, float, float]) -> Array:
    """Rows are a*, b*, c* (1/angstrom) in a Cartesian frame."""
    a, b, c = cell[:3]
    alpha, beta, gamma = np.radians(cell[3:])
    x = (np.cos(alpha) - np.cos(beta) * np.cos(gamma)) / np.sin(gamma)
    z = np.sqrt(1 - np.cos(beta) ** 2 - x**2)
    rows = [[a, 0, 0], [b * np.cos(gamma), b * np.sin(gamma), 0], [c * np.cos(beta), c * x, c * z]]
    return np.asarray(np.linalg.inv(np.array(rows)).T, dtype=float)


def _vectors(metric: Array, longest: float) -> tuple[Array, Array]:
    """Indices, shape (n, 3), and lengths (1/angstrom) of the lattice vectors up to `longest`, without the origin."""
    edges = np.linalg.norm(np.linalg.inv(metric), axis=0)
    reach = [np.arange(-int(longest * edge) - 1, int(longest * edge) + 2) for edge in edges]
    indices = np.stack(np.meshgrid(*reach, indexing="ij"), axis=-1).reshape(-1, 3).astype(float)
    length = np.linalg.norm(indices @ metric, axis=1)
    kept = (length > 1e-9) & (length <= longest)
    return indices[kept], length[kept]


def _scattering(occupant: str, length: Array) -> Array:
    """Scattering factor of an element or a molecule at lattice vectors of `length` (1/angstrom)."""
    if occupant not in MOLECULES:
        return _atom(occupant, length)
    parts = (n * _atom(e, length) * np.sinc(2 * length * distance) for e, n, distance in MOLECULES[occupant])
    return sum(parts, np.zeros(len(length)))


@lru_cache(maxsize=1)
def _scattering_table() -> dict[str, list[list[float]]]:
    """Pairs (a, b in square angstrom) of each element, from the file that pymatgen's `xrd` module reads [DeGraef2012].

    The module itself also loads all that draws, which takes a second that the first pattern's sample would wait for.
    """
    table = files("pymatgen.analysis.diffraction") / "atomic_scattering_params.json"
    read: dict[str, list[list[float]]] = json.loads(table.read_text())
    return read


def _atom(element: str, length: Array) -> Array:
    from pymatgen.core.periodic_table import Element

    squared = (length / 2) ** 2
    coefficients = np.asarray(_scattering_table()[element])
    falls = np.exp(-coefficients[:, 1] * squared[:, None]) @ coefficients[:, 0]
    return np.asarray(Element(element).Z - 41.78214 * squared * falls, dtype=float)
