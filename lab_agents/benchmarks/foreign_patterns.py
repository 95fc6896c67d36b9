"""Diffraction patterns of known films, made by a program that is not ours.

Dans_Diffraction (Porter, doi:10.5281/zenodo.8106031) reads the structures below and computes |F|² with its own form
factors (International Tables, volume C) and thermal motion; texture, displacement, absorption, widths and noise are
applied here, by formulas of this module alone. Nothing of `lab_agents.analysis` is imported.
"""

import contextlib
import io
import json
import math
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cell = tuple[float, float, float, float, float, float]
Atom = tuple[str, float, float, float, float]

WAVELENGTHS, RATIO, RADIUS = (1.540593, 1.544414), 0.5, 240.0
START, STEP, POINTS = 8.0, 0.02, 1850

AXES: Mapping[str, tuple[int, int, int]] = {"perovskite": (1, 0, 0), "cl_perovskite": (1, 0, 0), "pbi2": (0, 0, 1)}


@dataclass(frozen=True)
class Film:
    """What is diffracted.

    Attributes:
        made: Composition by the names of the design space.
        shares: Volume share of each phase, which sum to one.
        lattice: Of the perovskite, angstrom.
        texture: March parameters by phase; 1 where a phase is not named.
        size: Crystallite size by phase, nm; 60 where a phase is not named.
        displacement: Of the film above the goniometer's axis, mm.
        zero: Of the two-theta scale, degrees.
        depth: Absorption coefficient times thickness.
        peak: Counts at the strongest point, without background.
        strain: Microstrain of every phase.
        thermal: U_iso of all atoms, angstrom².
        lorentzian: Share of the Lorentzian in every line.
    """

    made: Mapping[str, float]
    shares: Mapping[str, float]
    lattice: float
    texture: Mapping[str, float]
    size: Mapping[str, float]
    displacement: float = 0.0
    zero: float = 0.0
    depth: float = 0.05
    peak: float = 4000.0
    strain: float = 5e-4
    thermal: float = 0.02
    lorentzian: float = 0.5


def make_pattern(film: Film, generator: np.random.Generator) -> bytes:
    """The raw record of a film's scan, with Poisson noise.

    Raises:
        ImportError: If Dans_Diffraction is not installed.
    """
    grid = START + STEP * np.arange(POINTS, dtype=np.float64)
    parts = [share * _phase_pattern(film, phase, grid) for phase, share in film.shares.items() if share > 0]
    lines = np.sum(parts, axis=0)
    background = 60 + 900 / grid + 60 * np.exp(-0.5 * ((grid - 23.8) / 2.7) ** 2)
    expected = background + film.peak * lines / lines.max()
    return record(generator.poisson(expected))


def record(counts: Array) -> bytes:
    """Counts as the diffractometer's raw record."""
    fields = {
        "start": START,
        "step": STEP,
        "counts": [int(count) for count in counts],
        "time_per_step": 0.5,
        "wavelengths": WAVELENGTHS,
        "ratio": RATIO,
        "radius": RADIUS,
    }
    return json.dumps(fields).encode()


def _phase_pattern(film: Film, phase: str, grid: Array) -> Array:
    cell, atoms = _structure(film, phase)
    spacing, strength, tilt = _strengths(cell, atoms, film.thermal, AXES.get(phase))
    march = film.texture.get(phase, 1.0) if phase in AXES else 1.0
    textured = strength * (march**2 * np.cos(tilt) ** 2 + np.sin(tilt) ** 2 / march) ** -1.5
    spacing, plane = np.unique(np.round(spacing, 7), return_inverse=True)
    textured = np.asarray(np.bincount(plane.ravel(), textured), dtype=float)
    counts = np.zeros(len(grid))
    for wavelength, share in zip(WAVELENGTHS, (1.0, RATIO), strict=True):
        theta = np.arcsin(np.minimum(wavelength / 2 / spacing, 0.999))
        lorentz = (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
        absorbed = 1 - np.exp(-2 * film.depth / np.sin(theta))
        position = np.degrees(2 * theta) + film.zero - np.degrees(2 * film.displacement / RADIUS) * np.cos(theta)
        width = _widths(theta, film.size.get(phase, 60.0), film.strain)
        counts += _spread(grid, position, width, share * textured * lorentz * absorbed, film.lorentzian)
    return counts


def _widths(theta: Array, size: float, strain: float) -> Array:
    """Full widths, degrees: instrument, Scherrer (0.9) and microstrain added in squares."""
    instrument = 0.0065 - 0.004 * np.tan(theta) + 0.01 * np.tan(theta) ** 2
    scherrer = np.degrees(0.9 * WAVELENGTHS[0] / (10 * size * np.cos(theta)))
    strained = np.degrees(4 * strain * np.tan(theta))
    return np.asarray(np.sqrt(instrument + scherrer**2 + strained**2), dtype=float)


def _spread(grid: Array, position: Array, width: Array, area: Array, lorentzian: float) -> Array:
    counts = np.zeros(len(grid))
    inside = (position > grid[0] - 2) & (position < grid[-1] + 2) & (area > 1e-7 * area.max())
    for x, w, a in zip(position[inside], width[inside], area[inside], strict=True):
        offset = (grid - x) / w
        cauchy = 2 / (math.pi * w) / (1 + 4 * offset**2)
        gauss = 2 * math.sqrt(math.log(2) / math.pi) / w * np.exp(-4 * math.log(2) * offset**2)
        counts += a * (lorentzian * cauchy + (1 - lorentzian) * gauss)
    return counts


def _strengths(
    cell: Cell, atoms: tuple[Atom, ...], thermal: float, axis: tuple[int, int, int] | None
) -> tuple[Array, Array, Array]:
    """Spacing, |F|²/V² and angle to the texture axis of every lattice vector."""
    crystal = _crystal(_cif(cell, atoms, thermal))
    with contextlib.redirect_stdout(io.StringIO()):
        vectors = crystal.Cell.all_hkl(energy_kev=8.0478, max_angle=50.0)
        # A vector and its opposite scatter alike: one of each pair suffices.
        h, k, last = vectors.T
        vectors = vectors[(h > 0) | ((h == 0) & (k > 0)) | ((h == 0) & (k == 0) & (last > 0))]
        factor = crystal.Scatter.structure_factor(vectors, scattering_type="xray")
        q = crystal.Cell.calculateQ(vectors)
        along = crystal.Cell.calculateQ([axis or (1, 0, 0)])[0]
    length = np.linalg.norm(q, axis=1)
    tilt = np.arccos(np.clip(q @ along / length / np.linalg.norm(along), -1, 1))
    strength = np.abs(np.asarray(factor).ravel()) ** 2 / float(crystal.Cell.volume()) ** 2
    return 2 * math.pi / length, strength, tilt


@lru_cache(maxsize=64)
def _crystal(text: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  # the program ships no types
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import Dans_Diffraction  # type: ignore[import-untyped]  # slow, and a developer's tool

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "phase.cif"
            path.write_text(text)
            crystal = Dans_Diffraction.Crystal(str(path))
        crystal.Scatter.setup_scatter(scattering_type="xray", energy_kev=8.0478, output=False)
    return crystal


def _cif(cell: Cell, atoms: tuple[Atom, ...], thermal: float) -> str:
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    rows = [f"_cell_{name} {value:.5f}" for name, value in zip(names, cell, strict=True)]
    rows += ["loop_", "_symmetry_equiv_pos_as_xyz", "'x,y,z'", "loop_"]
    rows += [f"_atom_site_{name}" for name in ("label", "type_symbol", "fract_x", "fract_y", "fract_z")]
    rows += ["_atom_site_U_iso_or_equiv", "_atom_site_occupancy"]
    rows += [
        f"{element}{n} {element} {x % 1:.5f} {y % 1:.5f} {z % 1:.5f} {thermal:.4f} {share:.5f}"
        for n, (element, x, y, z, share) in enumerate(atoms, start=1)
    ]
    return "\n".join(["data_phase", "_symmetry_space_group_name_H-M 'P 1'", *rows, ""])


def _structure(film: Film, phase: str) -> tuple[Cell, tuple[Atom, ...]]:
    made = film.made
    lead = (("Pb", made["pb"]), ("Sn", made["sn"]))
    halides = (("I", made["i"]), ("Br", made["br"]), ("Cl", made["cl"]))
    cations = (("Cs", made["cs"]), ("FA", made["fa"]), ("MA", made["ma"]))
    if phase in ("perovskite", "cl_perovskite"):
        a = film.lattice if phase == "perovskite" else 5.66
        x = halides if phase == "perovskite" else (("Cl", 1.0),)
        faces = [(0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5)]
        sites = [*_fill(cations, (0, 0, 0), a), *_fill(lead, (0.5, 0.5, 0.5), a)]
        return _cubic(a), tuple(sites + [atom for face in faces for atom in _fill(x, face, a)])
    if phase == "a2sni6":
        return _double(cations)
    if phase == "pbi2":
        return (4.557, 4.557, 6.979, 90, 90, 120), (
            ("Pb", 0, 0, 0, 1),
            ("I", 1 / 3, 2 / 3, 0.2675, 1),
            ("I", 2 / 3, 1 / 3, -0.2675, 1),
        )
    if phase == "sni2":
        tin = [
            ("Sn", 0.0, 0.0),
            ("Sn", 0.7299, 0.195),
            ("I", 0.6535, 0.5751),
            ("I", 0.9151, 0.7259),
            ("I", 0.6446, 0.9379),
        ]
        return (14.17, 4.535, 10.87, 90, 92, 90), _base_centred(tin)
    return _yellow_cesium(lead, halides) if phase == "delta_cs" else _yellow_formamidinium(lead, halides)


def _cubic(a: float) -> Cell:
    return (a, a, a, 90.0, 90.0, 90.0)


def _fill(mix: tuple[tuple[str, float], ...], place: tuple[float, float, float], a: float) -> list[Atom]:
    """A site's occupants; a molecule turns freely between the six directions of the cell's edges."""
    x, y, z = place
    atoms: list[Atom] = []
    bonds = {"MA": (("C", 1.0, 0.745), ("N", 1.0, 0.745)), "FA": (("C", 1.0, 0.45), ("N", 2.0, 1.16))}
    for occupant, share in mix:
        if share <= 0:
            continue
        for element, number, distance in bonds.get(occupant, ()):
            d = distance / a
            six = ((d, 0, 0), (-d, 0, 0), (0, d, 0), (0, -d, 0), (0, 0, d), (0, 0, -d))
            atoms += [(element, x + u, y + v, z + w, number * share / 6) for u, v, w in six]
        if occupant not in bonds:
            atoms.append((occupant, x, y, z, share))
    return atoms


def _double(cations: tuple[tuple[str, float], ...]) -> tuple[Cell, tuple[Atom, ...]]:
    a, x = 11.70, 0.247
    atoms: list[Atom] = []
    for u, v, w in ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)):
        atoms.append(("Sn", u, v, w, 1.0))
        atoms += [
            ("I", u + p, v + q, w + r, 1.0)
            for p, q, r in ((x, 0, 0), (-x, 0, 0), (0, x, 0), (0, -x, 0), (0, 0, x), (0, 0, -x))
        ]
        for shift in (0.25, 0.75):
            atoms += _fill(cations, (u + shift, v + shift, w + shift), a)
    return _cubic(a), tuple(atoms)


def _base_centred(sites: list[tuple[str, float, float]]) -> tuple[Atom, ...]:
    """C2/m with atoms on the mirror: (x, 0, z), its inverse, and both moved by half of a and b."""
    atoms: list[Atom] = []
    for element, x, z in sites:
        images = [(x, 0.0, z)] if x == z == 0 else [(x, 0.0, z), (-x, 0.0, -z)]
        atoms += [(element, u + m, v + m, w, 1.0) for u, v, w in images for m in (0.0, 0.5)]
    return tuple(atoms)


def _yellow_cesium(
    lead: tuple[tuple[str, float], ...], halides: tuple[tuple[str, float], ...]
) -> tuple[Cell, tuple[Atom, ...]]:
    sites = [
        ((("Cs", 1.0),), 0.0813, 0.75, 0.3279),
        (lead, 0.1618, 0.25, 0.0608),
        (halides, 0.0293, 0.25, 0.8877),
        (halides, 0.1628, 0.25, 0.4980),
        (halides, 0.2037, 0.75, 0.7127),
    ]
    atoms: list[Atom] = []
    for mix, x, y, z in sites:  # Pnma on its mirror: four images
        for u, v, w in ((x, y, z), (0.5 - x, -y, z + 0.5), (-x, y + 0.5, -z), (x + 0.5, y, 0.5 - z)):
            atoms += _fill(mix, (u, v, w), 10.0)
    return (10.434, 4.791, 17.761, 90, 90, 90), tuple(atoms)


def _yellow_formamidinium(
    lead: tuple[tuple[str, float], ...], halides: tuple[tuple[str, float], ...]
) -> tuple[Cell, tuple[Atom, ...]]:
    x = 0.1695
    atoms = [*_fill(lead, (0, 0, 0), 8.0), *_fill(lead, (0, 0, 0.5), 8.0)]
    for u, v in ((x, 2 * x), (-2 * x, -x), (x, -x)):
        atoms += [*_fill(halides, (u, v, 0.25), 8.0), *_fill(halides, (-u, -v, 0.75), 8.0)]
    for place in ((1 / 3, 2 / 3, 0.75), (2 / 3, 1 / 3, 0.25)):
        atoms += _fill((("FA", 1.0),), place, 8.0)
    return (8.6603, 8.6603, 7.9022, 90, 90, 120), tuple(atoms)
