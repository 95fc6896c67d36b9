"""Names of the fit's parameters."""

import numpy as np

from lab_agents.analysis.diffraction.parameters import Expected, Layout


def test_values_are_carried_by_name_to_a_larger_fit() -> None:
    """What the smaller fit knew stays; what is new starts as expected."""
    small, large = Layout(("perovskite",), {}), Layout(("pbi2", "perovskite"), {})
    vector = np.arange(len(small.names), dtype=float)
    carried = large.carry(vector, small)
    for name, value in zip(small.names, vector, strict=True):
        assert carried[large.index[name]] == value
    assert carried[large.index["pbi2.texture"]] == large.expected["pbi2.texture"].value


def test_what_is_known_replaces_what_is_expected_in_general() -> None:
    """A standard's zero is taken; of parameters that are not fitted nothing is."""
    layout = Layout(("perovskite",), {"zero": Expected(0.013, 0.004), "pbi2.texture": Expected(0.0, 1.0)})
    assert layout.start[layout.index["zero"]] == 0.013
    assert "pbi2.texture" not in layout.index


def test_only_textured_phases_have_a_texture() -> None:
    """delta-FAPbI3 has no axis."""
    names = Layout(("perovskite", "delta_fa"), {}).names
    assert "perovskite.texture" in names
    assert "delta_fa.texture" not in names
