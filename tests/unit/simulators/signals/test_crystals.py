"""Crystal structures."""

import numpy as np
import pytest

from simulators.signals.crystals import FIXED, chloride_lattice, contents
from tests.films import FAPBI3, MAPBI3


def _distances(phase: str, first: str, second: str) -> list[float]:
    crystal = FIXED[phase]
    a, b, c, angle = crystal.cell
    gamma, beta = (angle, 90.0) if crystal.hexagonal else (90.0, angle)
    cosine, sine = np.cos(np.radians(gamma)), np.sin(np.radians(gamma))
    tilt = np.radians(beta)
    cell = np.array([[a, 0, 0], [b * cosine, b * sine, 0], [c * np.cos(tilt), 0, c * np.sin(tilt)]])
    shifts = np.stack(np.meshgrid(*[range(-2, 3)] * 3), axis=-1).reshape(-1, 3)
    ones = [p for site in crystal.sites if site.kind == first for p in site.positions]
    others = [p for site in crystal.sites if site.kind == second for p in site.positions]
    vectors = np.array(others)[None, :, None] + shifts[None, None] - np.array(ones)[:, None, None]
    lengths = np.linalg.norm(vectors @ cell, axis=-1).reshape(len(ones), -1)
    return [float(row[row > 0.1].min()) for row in lengths]


@pytest.mark.parametrize(
    ("phase", "metal", "halide", "low", "high"),
    [
        ("perovskite", "B", "X", 3.1, 3.2),
        ("delta_fa", "B", "X", 3.2, 3.3),
        ("delta_cs", "B", "X", 2.95, 3.25),
        ("pbi2", "Pb", "I", 3.2, 3.3),
        ("sni2", "Sn", "I", 2.9, 3.2),
        ("a2sni6", "Sn", "I", 2.8, 2.9),
    ],
)
def test_metals_have_their_halides_at_bond_length(phase, metal, halide, low, high) -> None:
    """Bond lengths in Å as published for these compounds, of every metal in the cell."""
    assert all(low < length < high for length in _distances(phase, metal, halide))


@pytest.mark.parametrize(
    ("phase", "atoms"),
    [("perovskite", 5), ("delta_fa", 10), ("delta_cs", 20), ("pbi2", 3), ("sni2", 18), ("a2sni6", 36), ("silicon", 8)],
)
def test_cells_hold_whole_formulas(phase, atoms) -> None:
    """Z times the atoms of the formula, a cation counted as one."""
    assert sum(len(site.positions) for site in FIXED[phase].sites) == atoms


def test_iodide_ions_keep_apart() -> None:
    """Twice the ionic radius is 4.4 Å; neighbours in the chains come down to 3.9."""
    for phase, kind in (("delta_fa", "X"), ("delta_cs", "X"), ("pbi2", "I"), ("sni2", "I"), ("a2sni6", "I")):
        assert min(_distances(phase, kind, kind)) > 3.8


def test_the_chloride_has_the_smaller_cell() -> None:
    """Vegard between the three lead chlorides."""
    assert chloride_lattice(MAPBI3) == pytest.approx(5.68)
    assert chloride_lattice(FAPBI3) < 6.0


def test_sites_are_filled_by_the_composition() -> None:
    """The chloride that separates holds no iodine, whatever the film."""
    assert contents("X", "perovskite", FAPBI3) == {"I": 1.0, "Br": 0.0, "Cl": 0.0}
    assert contents("X", "cl_perovskite", FAPBI3) == {"Cl": 1.0}
    assert contents("Sn", "a2sni6", FAPBI3) == {"Sn": 1.0}
