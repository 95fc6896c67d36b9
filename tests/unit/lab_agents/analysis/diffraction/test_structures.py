"""The structures against what is known of them from elsewhere."""

import numpy as np
import pytest

from lab_agents.analysis.diffraction.composition import UNKNOWN, Filling
from lab_agents.analysis.diffraction.reflections import expand, find_reflections
from lab_agents.analysis.diffraction.structures import FORMS, SOLVATE

FORMULA_UNITS = {
    "perovskite": (1, 5),
    "cl_perovskite": (1, 5),
    "delta_fa": (2, 10),
    "delta_cs": (4, 20),
    "pbi2": (1, 3),
    "sni2": (6, 18),
    "a2sni6": (4, 36),
    "silicon": (8, 8),
}
"""Formula units and sites of a cell."""


@pytest.mark.parametrize("phase", [name for name in FORMS if name != SOLVATE])
def test_a_cell_holds_whole_formula_units(phase: str) -> None:
    """Symmetry multiplies the listed sites to the cell's content."""
    assert len(expand(FORMS[phase])) == FORMULA_UNITS[phase][1]


@pytest.mark.parametrize(("phase", "angle"), [("pbi2", 12.67), ("delta_fa", 11.8), ("a2sni6", 26.5), ("a2sni6", 30.7)])
def test_known_lines_stand_where_they_were_published(phase: str, angle: float) -> None:
    """Copper K-alpha1; the positions by which people recognize these phases."""
    pure = Filling((("Cs", 1.0),), (("Pb", 1.0),), (("I", 1.0),))
    angles = 2 * np.degrees(np.arcsin(1.540593 / 2 / find_reflections(phase, pure).spacing))
    assert np.min(np.abs(angles - angle)) < 0.06


@pytest.mark.parametrize(
    ("phase", "density"), [("pbi2", 6.16), ("delta_cs", 5.38), ("a2sni6", 4.8), ("silicon", 2.329), ("sni2", 5.28)]
)
def test_densities_agree_with_handbooks(phase: str, density: float) -> None:
    """Mass of the formula units over the cell's volume, g/cm³, to 3 %."""
    mass = {"pbi2": 461.0, "delta_cs": 720.8, "a2sni6": 1145.9, "silicon": 28.086, "sni2": 372.5}[phase]
    volume = find_reflections(phase, UNKNOWN).volume
    assert FORMULA_UNITS[phase][0] * mass / volume / 0.60221 == pytest.approx(density, rel=0.03)
