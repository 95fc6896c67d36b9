"""Crystal structures of the phases that a film may hold, built from published cells and positions.

Sites carry a role (`a`, `b`, `x` for the mixed sites of the perovskite) or an element. Sources:

- Perovskite, Pm-3m: end members in `perovskite_lattice`.
- delta-FAPbI3, P6_3/mmc as the average of the orientations of P6_3mc: cell [Stoumpos2013]; the iodine's x = 0.1695
  from a Pb-I bond of 3.22 angstrom in that cell.
- delta-CsPbI3, Pnma: cell [Trots2008], positions of the relaxed structure mp-540839 (Materials Project), within 0.005
  of the published ones.
- PbI2, 2H, P-3m1: [Palosz1990].
- SnI2, C2/m: cell [Howie1972]; positions solved from its Sn-I distances (3.15 four times and 3.17 twice; 3.00, twice
  each 3.20, 3.25 and 3.72) with iodines at least 3.95 apart, hence its larger model error.
- Cs2SnI6, Fm-3m: [Maughan2016].
- The solvate MA2Pb3I8(DMSO)2 by its three lowest lines, at 6.55, 7.21 and 9.17° [Cao2016], equally strong and each a
  quarter as strong as PbI2's (001) per volume (assumption, hence the model error of a half).
- Silicon, Fd-3m: 5.43102 angstrom (NIST SRM 640).

[Stoumpos2013] Inorg. Chem. 52, 9019. [Trots2008] J. Phys. Chem. Solids 69, 2520. [Palosz1990] J. Phys.: Condens. Matter
2, 5285.
[Jacobsson2016] J. Am. Chem. Soc. 138, 10331. [Noel2014] Energy Environ. Sci. 7, 3061.
[Cao2016] J. Am. Chem. Soc. 138, 9919. [Howie1972] Acta Cryst. B 28, 2965. [Maughan2016] J. Am. Chem. Soc. 138, 8453.
[Colella2013] Chem. Mater. 25, 4613.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PEROVSKITE, SOLVATE, SILICON = "perovskite", "solvate", "silicon"
LEFT_OVER = (2.0, 0.03)


@dataclass(frozen=True)
class Form:
    """A phase's structure before its mixed sites are filled.

    Attributes:
        name: The phase.
        group: Space group, Hermann-Mauguin.
        cell: a, b, c (angstrom), alpha, beta, gamma (degrees).
        sites: Role or element, and position in the cell.
        axis: Direction (hkl) that texture turns to the film's normal, if the phase has one.
        texture: Expected March parameter, and its deviation (of the logarithm).
        slack: Deviation of the cell's relative size: mixed sites change it.
        model: Relative deviation of its intensity from the structure's errors: positions, thermal motion, what fills
            the mixed sites (assumption: 0.05 for a structure without free positions, more where a bond length or a
            calculation gave them, 0.1 where all were solved from distances).
        usual: Odds, before the pattern is seen, that a possible phase is in the film, and the fraction that it then
            takes on average. Iodides of what was left over or oxidized stand in most films, a few per cent of them
            [Jacobsson2016, Noel2014], and so does the chloride that an iodide perovskite does not dissolve, which takes
            up three or four per cent [Colella2013]; other phases come with a composition or an anneal that fails, and
            then not in traces (the numbers are assumptions).
    """

    name: str
    group: str
    cell: tuple[float, float, float, float, float, float]
    sites: tuple[tuple[str, float, float, float], ...]
    axis: tuple[int, int, int] | None = None
    texture: tuple[float, float] = (1.0, 0.0)
    slack: float = 0.003
    model: float = 0.05
    usual: tuple[float, float] = (0.2, 0.1)


def _cubic(a: float) -> tuple[float, float, float, float, float, float]:
    return (a, a, a, 90.0, 90.0, 90.0)


_PEROVSKITE_SITES = (("a", 0.0, 0.0, 0.0), ("b", 0.5, 0.5, 0.5), ("x", 0.5, 0.5, 0.0))
_CHLORIDE_SITES = (("a", 0.0, 0.0, 0.0), ("b", 0.5, 0.5, 0.5), ("Cl", 0.5, 0.5, 0.0))

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        form.name: form
        for form in (
            Form(PEROVSKITE, "Pm-3m", _cubic(6.3), _PEROVSKITE_SITES, (1, 0, 0), (0.8, 0.35), 0.01, 0.02),
            Form(
                "delta_fa",
                "P6_3/mmc",
                (8.6603, 8.6603, 7.9022, 90.0, 90.0, 120.0),
                (("FA", 1 / 3, 2 / 3, 0.75), ("b", 0.0, 0.0, 0.0), ("x", 0.1695, 0.339, 0.25)),
                slack=0.008,
                model=0.08,
            ),
            Form(
                "delta_cs",
                "Pnma",
                (10.434, 4.791, 17.761, 90.0, 90.0, 90.0),
                (
                    ("Cs", 0.0813, 0.75, 0.3279),
                    ("b", 0.1618, 0.25, 0.0608),
                    ("x", 0.0293, 0.25, 0.8877),
                    ("x", 0.1628, 0.25, 0.4980),
                    ("x", 0.2037, 0.75, 0.7127),
                ),
                slack=0.006,
                model=0.08,
            ),
            Form(
                "pbi2",
                "P-3m1",
                (4.557, 4.557, 6.979, 90.0, 90.0, 120.0),
                (("Pb", 0.0, 0.0, 0.0), ("I", 1 / 3, 2 / 3, 0.2675)),
                axis=(0, 0, 1),
                texture=(0.55, 0.35),
                slack=0.002,
                model=0.04,
                usual=LEFT_OVER,
            ),
            Form(
                "sni2",
                "C2/m",
                (14.17, 4.535, 10.87, 90.0, 92.0, 90.0),
                (
                    ("Sn", 0.0, 0.0, 0.0),
                    ("Sn", 0.7299, 0.0, 0.1950),
                    ("I", 0.6535, 0.0, 0.5751),
                    ("I", 0.9151, 0.0, 0.7259),
                    ("I", 0.6446, 0.0, 0.9379),
                ),
                slack=0.003,
                model=0.1,
                usual=LEFT_OVER,
            ),
            Form(
                "a2sni6",
                "Fm-3m",
                _cubic(11.65),
                (("a", 0.25, 0.25, 0.25), ("Sn", 0.0, 0.0, 0.0), ("I", 0.2474, 0.0, 0.0)),
                slack=0.015,
                usual=LEFT_OVER,
            ),
            Form(
                "cl_perovskite", "Pm-3m", _cubic(5.65), _CHLORIDE_SITES, (1, 0, 0), (0.8, 0.35), 0.015, usual=LEFT_OVER
            ),
            Form(SILICON, "Fd-3m", _cubic(5.43102), (("Si", 0.0, 0.0, 0.0),), slack=1e-5, model=0.01),
            Form(SOLVATE, "P1", (26.98, 24.5, 4.6, 90.0, 90.0, 90.0), (), slack=0.004, model=0.5),
        )
    }
)
