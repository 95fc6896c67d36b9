"""What the sites of a film's phases are filled with, and the lattice to start from.

Pseudo-cubic lattice parameters (angstrom) of the end members at room temperature, from published cells: FAPbI3 6.362
[Weller2015]; MAPbI3 6.27, FASnI3 6.32, MASnI3 6.24 [Stoumpos2013]; CsSnI3 6.18 [Chung2012]; CsPbI3 6.18, bromides and
chlorides rounded from the same literature. They only start the search: the lattice is refined.

[Weller2015] Chem. Commun. 51, 4180. [Stoumpos2013] Inorg. Chem. 52, 9019. [Chung2012] J. Am. Chem. Soc. 134, 8579.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TRACE = 0.005
"""Share of a site below which a phase that needs its occupant is not looked for."""

_LATTICES: Mapping[tuple[str, str], tuple[float, float, float]] = MappingProxyType(
    {  # (A, B): I, Br, Cl
        ("Cs", "Pb"): (6.18, 5.85, 5.61),
        ("FA", "Pb"): (6.362, 5.99, 5.74),
        ("MA", "Pb"): (6.27, 5.93, 5.68),
        ("Cs", "Sn"): (6.18, 5.80, 5.56),
        ("FA", "Sn"): (6.32, 6.03, 5.75),
        ("MA", "Sn"): (6.24, 5.90, 5.76),
    }
)

Occupants = tuple[tuple[str, float], ...]
"""What fills a site, and the shares, which sum to one."""

PARAMETERS = ("cs", "fa", "ma", "pb", "sn", "i", "br", "cl")


@dataclass(frozen=True)
class Filling:
    """The occupants of the mixed sites; hashable, because reflections are kept by it."""

    a: Occupants
    b: Occupants
    x: Occupants

    def share(self, occupant: str) -> float:
        """The share of an occupant of its site, 0 where it is absent."""
        return dict(self.a + self.b + self.x).get(occupant, 0.0)


UNKNOWN = Filling((("Cs", 0.2), ("FA", 0.6), ("MA", 0.2)), (("Pb", 0.5), ("Sn", 0.5)), (("I", 0.9), ("Br", 0.1)))
"""Where nobody says what was made: the middle of the design space, every phase possible."""


def fill_sites(made: Mapping[str, float]) -> Filling | None:
    """The filling by the composition as made; None if a part of it is not stated or a site is empty.

    Args:
        made: Shares by the names in `PARAMETERS`; other parameters are ignored.
    """
    if any(name not in made for name in PARAMETERS):
        return None
    sites = []
    for names, symbols in (
        (("cs", "fa", "ma"), ("Cs", "FA", "MA")),
        (("pb", "sn"), ("Pb", "Sn")),
        (("i", "br", "cl"), ("I", "Br", "Cl")),
    ):
        shares = [max(0.0, made[name]) for name in names]
        total = sum(shares)
        if total <= 0:
            return None
        # Rounded, so that equal films share their reflections: a thousandth changes no intensity by a per cent.
        filled = ((symbol, round(share / total, 3)) for symbol, share in zip(symbols, shares, strict=True))
        sites.append(tuple((symbol, share) for symbol, share in filled if share > 0))
    return Filling(sites[0], sites[1], sites[2])


def expected_lattice(filling: Filling) -> float:
    """Pseudo-cubic lattice parameter (angstrom), linear between the end members (assumption)."""
    halides = {"I": 0, "Br": 1, "Cl": 2}
    return sum(
        a_share * b_share * x_share * _LATTICES[a, b][halides[x]]
        for a, a_share in filling.a
        for b, b_share in filling.b
        for x, x_share in filling.x
    )


NEEDS: Mapping[str, str] = MappingProxyType(
    {"delta_fa": "FA", "delta_cs": "Cs", "pbi2": "Pb", "sni2": "Sn", "a2sni6": "Sn", "cl_perovskite": "Cl"}
)
"""What fills a site of a phase by itself, so that there is no more of the phase than of it."""


def possible_phases(filling: Filling) -> tuple[str, ...]:
    """The phases that elements of this film can form, the perovskite first; the solvate always may remain."""
    possible = (phase for phase, occupant in NEEDS.items() if filling.share(occupant) > TRACE)
    return ("perovskite", *possible, "solvate")


def most_of(phase: str, filling: Filling) -> float:
    """The fraction of a phase that uses up all there is of what it needs: the share of that, or 1.

    A formula unit of each phase takes about as much room for each atom that fills the site (assumption).
    """
    return filling.share(NEEDS[phase]) if phase in NEEDS else 1.0
