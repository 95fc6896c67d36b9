"""Starting lattices, and hints in residuals."""

import pytest

from lab_agents.analysis.diffraction.composition import expected_lattice, fill_sites
from lab_agents.analysis.diffraction.model import Model
from lab_agents.analysis.diffraction.parameters import Layout
from lab_agents.analysis.diffraction.pattern import read_pattern
from lab_agents.analysis.diffraction.refinement import refine
from lab_agents.analysis.diffraction.screening import Hint, find_lattice, hint_phases
from lab_agents.analysis.diffraction.search import phase_reflections
from lab_agents.benchmarks.foreign_patterns import Film


@pytest.mark.parametrize("wrong", [0.97, 1.0, 1.03])
def test_the_lattice_is_found_from_three_per_cent_away_and_the_residuals_name_the_other_phase(
    film: Film, raw: bytes, wrong: float
) -> None:
    """To a stride; then lead iodide is the strongest hint."""
    filling = fill_sites(film.made)
    assert filling is not None
    pattern, lattice = read_pattern(raw), round(expected_lattice(filling) * wrong, 3)
    reflections = phase_reflections(filling, lattice)
    start = find_lattice(pattern, reflections)
    layout = Layout(("perovskite",), {})
    strain = start[layout.index["perovskite.strain"]]
    assert lattice * (1 + strain) == pytest.approx(film.lattice, rel=0.003)
    refined = refine(Model(pattern, {"perovskite": reflections["perovskite"]}, layout), start)
    hints = hint_phases(refined, reflections, ("delta_cs", "pbi2", "sni2"), {})
    assert hints[0].phase == "pbi2"
    assert hints[0].gain > 100


def test_a_hint_is_worth_less_the_more_sizes_were_tried():
    """A share of a tenth costs 4.6 of the fall of χ²."""
    hint = Hint("a2sni6", 0.0, 4.0, 1.0, 1.0, share=0.1)
    assert hint.gain == 16.0
    assert hint.worth == pytest.approx(16.0 - 4.605, abs=1e-3)
    assert Hint("pbi2", 0.0, 4.0, 1.0, 1.0).worth == 16.0
