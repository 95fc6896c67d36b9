"""Structures that a laboratory brings itself."""

import numpy as np
import pytest

from lab_agents.analysis.diffraction.composition import UNKNOWN
from lab_agents.analysis.diffraction.reference_text import parse_reference
from lab_agents.analysis.diffraction.reflections import find_reflections
from lab_agents.analysis.errors import UnreadableError

LEAD_IODIDE = """data_PbI2
_cell_length_a 4.557
_cell_length_b 4.557
_cell_length_c 6.979
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'P -3 m 1'
_symmetry_Int_Tables_number 164
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Pb1 Pb 0 0 0 1
I1 I 0.333333 0.666667 0.2675 1
"""


def test_a_structure_from_text_scatters_as_the_built_in_one() -> None:
    """The same lead iodide."""
    brought, built = parse_reference("pbi2", LEAD_IODIDE), find_reflections("pbi2", UNKNOWN)
    assert brought.spacing == pytest.approx(built.spacing, rel=1e-6)
    assert brought.textured(np.array([0.5]))[0] == pytest.approx(built.textured(np.array([0.5]))[0], rel=1e-3, abs=1e-6)
    assert np.all(np.diff(brought.spacing) < 0)


@pytest.mark.parametrize("text", ["", "no structure at all", LEAD_IODIDE.replace("4.557", "wide"), "data_x\nloop_\n"])
def test_a_reference_that_does_not_parse_is_refused_by_name(text: str) -> None:
    """Nothing is fitted with half a structure."""
    with pytest.raises(UnreadableError, match=r"Reference phase pbi2 .*Mend the file"):
        parse_reference("pbi2", text)


def test_a_reference_of_an_unknown_phase_is_refused() -> None:
    """Its texture and its error would be unknown."""
    with pytest.raises(UnreadableError, match="no reference phase 'gold'; known are perovskite"):
        parse_reference("gold", LEAD_IODIDE)
