"""The crystal structures that a film may hold, as cells with sites; every number with its source.

Structures marked *idealised* have a published cell; their coordinates come from a simple geometry or from an isotypic
compound.
"""

from dataclasses import dataclass

from simulators.signals.atoms import Contents
from simulators.world.film_state import Composition

Position = tuple[float, float, float]


@dataclass(frozen=True)
class Site:
    """Equivalent positions with the same contents.

    Attributes:
        kind: What the composition puts there: `A`, `B`, `X`, or an element.
        positions: Fractional coordinates of all of them in the cell.
        motion: Isotropic displacement parameter B in Å² (assumption: 1.5 for metals, 2.5 for halides, 4 for cations, as
            refinements of halide perovskites at 300 K give in order of size).
    """

    kind: str
    positions: tuple[Position, ...]
    motion: float


@dataclass(frozen=True)
class Crystal:
    """A structure.

    Attributes:
        cell: a, b, c in Å and the angle beta in degrees, or gamma where `hexagonal`; other angles are 90°.
        sites: What it is made of.
        axis: Indices of the planes that lie parallel to the substrate in a textured film.
        hexagonal: Whether gamma is 120°, with beta 90°.
    """

    cell: tuple[float, float, float, float]
    sites: tuple[Site, ...]
    axis: tuple[int, int, int] = (1, 0, 0)
    hexagonal: bool = False


_METAL, _HALIDE, _CATION = 1.5, 2.5, 4.0
_FACES = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.0, 0.5), (0.0, 0.5, 0.5))


def _spread(positions: tuple[Position, ...], shifts: tuple[Position, ...]) -> tuple[Position, ...]:
    return tuple((x + u, y + v, z + w) for x, y, z in positions for u, v, w in shifts)


def _pnma(x: float, z: float) -> tuple[Position, ...]:
    """The four positions 4c of Pnma for (x, 1/4, z)."""
    return ((x, 0.25, z), (0.5 - x, 0.75, z + 0.5), (-x, 0.75, -z), (x + 0.5, 0.25, 0.5 - z))


def _c2m(x: float, z: float) -> tuple[Position, ...]:
    """The four positions 4i of C2/m for (x, 0, z)."""
    return ((x, 0.0, z), (-x, 0.0, -z), (x + 0.5, 0.5, z), (0.5 - x, 0.5, -z))


def perovskite(lattice: float) -> Crystal:
    """Cubic ABX3, Pm-3m, with `lattice` in Å: B at the corner, A in the centre, X on the edges."""
    edges = ((0.5, 0.0, 0.0), (0.0, 0.5, 0.0), (0.0, 0.0, 0.5))
    return Crystal(
        (lattice, lattice, lattice, 90.0),
        (Site("A", ((0.5, 0.5, 0.5),), _CATION), Site("B", ((0.0, 0.0, 0.0),), _METAL), Site("X", edges, _HALIDE)),
    )


def _delta_fa() -> Crystal:
    """Yellow FAPbI3, P6_3mc, chains of face-sharing octahedra.

    Cell: Stoumpos, Malliakas and Kanatzidis, Inorg. Chem. 52, 9019 (2013), a = 8.6603, c = 7.9022 Å. Idealised: Pb on
    the chain's axis, I halfway between two Pb at 3.24 Å from both, which gives x = 0.171.
    """
    x = 0.171
    around = ((x, -x, 0.25), (x, 2 * x, 0.25), (-2 * x, -x, 0.25))
    opposite = tuple((-u, -v, w + 0.5) for u, v, w in around)
    return Crystal(
        (8.6603, 8.6603, 7.9022, 120.0),
        (
            Site("FA", ((1 / 3, 2 / 3, 0.25), (2 / 3, 1 / 3, 0.75)), _CATION),
            Site("B", ((0.0, 0.0, 0.0), (0.0, 0.0, 0.5)), _METAL),
            Site("X", around + opposite, _HALIDE),
        ),
        hexagonal=True,
    )


def _delta_cs() -> Crystal:
    """Yellow CsPbI3, Pnma, double chains of edge-sharing octahedra (the type of NH4CdCl3).

    Cell: Stoumpos, Malliakas and Kanatzidis, Inorg. Chem. 52, 9019 (2013). Idealised: coordinates of isotypic yellow
    CsSnI3 as relaxed in the collection WMD-group/hybrid-perovskites.
    """
    halides = _pnma(0.9688, 0.1136) + _pnma(0.8370, 0.4992) + _pnma(0.2045, 0.7109)
    return Crystal(
        (10.4342, 4.7905, 17.7610, 90.0),
        (
            Site("Cs", _pnma(0.0825, 0.3293), _CATION),
            Site("B", _pnma(0.3418, 0.5602), _METAL),
            Site("X", halides, _HALIDE),
        ),
    )


def _lead_iodide() -> Crystal:
    """PbI2, polytype 2H, P-3m1: Palosz and Salje, J. Appl. Cryst. 22, 622 (1989), a = 4.557, c = 6.979 Å."""
    z = 0.2675
    return Crystal(
        (4.557, 4.557, 6.979, 120.0),
        (
            Site("Pb", ((0.0, 0.0, 0.0),), _METAL),
            Site("I", ((1 / 3, 2 / 3, z), (2 / 3, 1 / 3, -z)), _HALIDE),
        ),
        axis=(0, 0, 1),
        hexagonal=True,
    )


def _tin_iodide() -> Crystal:
    """SnI2, C2/m: cell of Howie, Moser and Trevena, Acta Cryst. B 28, 2965 (1972).

    Idealised: coordinates solved from the bond lengths of that work (recalled): 3.147 (four) and 3.174 Å (two) at the
    first tin; 3.004, 3.198 (two), 3.250 (two) and 3.718 Å (two) at the second; iodines at least 3.95 Å apart. Of three
    solutions this is the one whose layers lie parallel to (-201), as that work describes.
    """
    return Crystal(
        (14.17, 4.535, 10.87, 92.0),
        (
            Site("Sn", ((0.0, 0.0, 0.0), (0.5, 0.5, 0.0)), _METAL),
            Site("Sn", _c2m(0.7345, 0.1921), _METAL),
            Site("I", _c2m(0.9151, 0.7259) + _c2m(0.6447, 0.9376) + _c2m(0.6531, 0.5747), _HALIDE),
        ),
    )


def _double_perovskite() -> Crystal:
    """A2SnI6, Fm-3m (the type of K2PtCl6): Cs2SnI6 has a = 11.652 Å and I at x = 0.245.

    Lee, J. Am. Chem. Soc. 136, 15379 (2014). Assumption: other A cations keep the cell, only their scattering differs.
    """
    x = 0.245
    octahedron = ((x, 0.0, 0.0), (-x, 0.0, 0.0), (0.0, x, 0.0), (0.0, -x, 0.0), (0.0, 0.0, x), (0.0, 0.0, -x))
    holes = ((0.25, 0.25, 0.25), (0.75, 0.75, 0.75))
    return Crystal(
        (11.652, 11.652, 11.652, 90.0),
        (
            Site("A", _spread(holes, _FACES), _CATION),
            Site("Sn", _FACES, _METAL),
            Site("I", _spread(octahedron, _FACES), _HALIDE),
        ),
    )


def silicon() -> Crystal:
    """Silicon as in the line position standards SRM 640 of NIST: Fd-3m, a = 5.431 Å, B = 0.46 Å²."""
    pair = ((0.0, 0.0, 0.0), (0.25, 0.25, 0.25))
    return Crystal((5.431, 5.431, 5.431, 90.0), (Site("Si", _spread(pair, _FACES), 0.46),))


FIXED = {
    "delta_fa": _delta_fa(),
    "delta_cs": _delta_cs(),
    "pbi2": _lead_iodide(),
    "sni2": _tin_iodide(),
    "a2sni6": _double_perovskite(),
    "silicon": silicon(),
    "perovskite": perovskite(6.3),
}
"""Structures by phase. The lattice parameter of `perovskite` is any: its reflections scale with that of the film."""

_CHLORIDE = {"Cs": 5.61, "FA": 5.74, "MA": 5.68}
"""Lattice parameters in Å of the lead chlorides: Moller, Nature 182, 1436 (1958), Poglitsch and Weber, J. Chem. Phys.
87, 6373 (1987), and of FAPbCl3 by analogy (recalled, ±0.02)."""


def chloride_lattice(composition: Composition) -> float:
    """Lattice parameter in Å of the chloride that separates from a film of that composition, by Vegard's rule."""
    return composition.cs * _CHLORIDE["Cs"] + composition.fa * _CHLORIDE["FA"] + composition.ma * _CHLORIDE["MA"]


def contents(kind: str, phase: str, composition: Composition) -> Contents:
    """What sits on a site of that kind in a phase of a film of that composition."""
    if kind == "A":
        return {"Cs": composition.cs, "FA": composition.fa, "MA": composition.ma}
    if kind == "B":
        return {"Pb": composition.pb, "Sn": composition.sn}
    if kind == "X":
        if phase == "cl_perovskite":
            return {"Cl": 1.0}
        return {"I": composition.i, "Br": composition.br, "Cl": composition.cl}
    return {kind: 1.0}
