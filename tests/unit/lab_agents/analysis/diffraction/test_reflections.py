"""Structure factors against pymatgen's calculator."""

import numpy as np
import pytest
from pymatgen.analysis.diffraction.xrd import XRDCalculator
from pymatgen.core import Lattice, Structure

from lab_agents.analysis.diffraction.composition import Filling
from lab_agents.analysis.diffraction.pattern import Array
from lab_agents.analysis.diffraction.reflections import Reflections, find_reflections, solvate_reflections

WAVELENGTH = 1.540593
CESIUM_LEAD_IODIDE = Filling((("Cs", 1.0),), (("Pb", 1.0),), (("I", 1.0),))


def seen(reflections: Reflections) -> tuple[Array, Array]:
    """Angles and intensities as the calculator gives them."""
    theta = np.arcsin(WAVELENGTH / 2 / reflections.spacing)
    lorentz = (1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
    return 2 * np.degrees(theta), reflections.textured(np.array([1.0]))[0] * reflections.volume**2 * lorentz


def test_intensities_equal_pymatgens_for_a_structure_of_low_symmetry() -> None:
    """Yellow CsPbI3: 85 planes below 48°."""
    cell = Lattice.orthorhombic(10.434, 4.791, 17.761)
    places = [
        (0.0813, 0.75, 0.3279),
        (0.1618, 0.25, 0.0608),
        (0.0293, 0.25, 0.8877),
        (0.1628, 0.25, 0.498),
        (0.2037, 0.75, 0.7127),
    ]
    structure = Structure.from_spacegroup("Pnma", cell, ["Cs", "Pb", "I", "I", "I"], places)
    theirs = XRDCalculator(WAVELENGTH).get_pattern(structure, scaled=False, two_theta_range=(8, 45))
    angle, intensity = seen(find_reflections("delta_cs", CESIUM_LEAD_IODIDE))
    bright = [(x, y) for x, y in zip(theirs.x, theirs.y, strict=True) if y > 0.01 * max(theirs.y)]
    for x, y in bright:
        assert intensity[np.argmin(np.abs(angle - x))] == pytest.approx(y, rel=1e-6)
    assert len(bright) > 40


def test_half_filled_sites_scatter_as_pymatgens_disordered_structure() -> None:
    """A mixed B site is the mean of its occupants."""
    filling = Filling((("Cs", 1.0),), (("Pb", 0.5), ("Sn", 0.5)), (("I", 1.0),))
    mixed = Structure(
        Lattice.cubic(6.2),
        ["Cs", {"Pb": 0.5, "Sn": 0.5}, "I", "I", "I"],
        [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
    )
    theirs = XRDCalculator(WAVELENGTH).get_pattern(mixed, scaled=False, two_theta_range=(8, 45))
    angle, intensity = seen(find_reflections("perovskite", filling, 6.2))
    for x, y in zip(theirs.x, theirs.y, strict=True):
        assert intensity[np.argmin(np.abs(angle - x))] == pytest.approx(y, rel=1e-6)


def test_texture_moves_intensity_to_the_planes_of_its_axis_and_none_is_its_limit() -> None:
    """(100) and (200) gain, (111) loses; March's parameter 1 changes nothing."""
    reflections = find_reflections("perovskite", CESIUM_LEAD_IODIDE, 6.2)
    gain = reflections.textured(np.array([0.6]))[0] / reflections.textured(np.array([1.0]))[0]
    order = {round((6.2 / d) ** 2): g for d, g in zip(reflections.spacing, gain, strict=True)}
    assert order[1] > 1.3
    assert order[4] == pytest.approx(order[1])
    assert order[3] < 0.8


def test_the_solvate_has_its_three_lines() -> None:
    """At 6.55, 7.21 and 9.17°."""
    angle, _ = seen(solvate_reflections())
    assert angle == pytest.approx([6.55, 7.21, 9.17], abs=0.02)
