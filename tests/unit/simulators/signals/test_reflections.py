"""Powder reflections."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.atoms import scattering
from simulators.signals.crystals import FIXED, contents
from simulators.signals.diffraction import WAVELENGTHS
from simulators.signals.film_lines import lorentz_polarization
from simulators.signals.reflections import Reflections, attenuation, geometry, march_dollase, reflections
from tests.films import CSPBI3, FAPBI3, FASNI3, MAPBI3


def _of(phase, composition=FAPBI3, march=1.0, lattice=None) -> Reflections:
    stretch = 1.0 if lattice is None else lattice / FIXED[phase].cell[0]
    return reflections(phase, [contents(site.kind, phase, composition) for site in FIXED[phase].sites], march, stretch)


def _angles(found) -> np.ndarray:
    return 2 * np.degrees(np.arcsin(found.s * WAVELENGTHS[0]))


def _intensity(found, angle) -> float:
    nearest = int(np.abs(_angles(found) - angle).argmin())
    return float((found.strength * lorentz_polarization(np.arcsin(found.s * WAVELENGTHS[0])))[nearest])


@pytest.mark.parametrize(
    ("phase", "lattice", "angles"),
    [
        ("perovskite", 6.361, [13.91, 28.03]),
        ("perovskite", 6.18, [14.32, 28.87]),
        ("perovskite", 5.84, [15.16, 30.59]),
        ("pbi2", None, [12.67]),
        ("delta_fa", None, [11.79]),
        ("a2sni6", None, [26.48, 30.67]),
        ("silicon", None, [28.44, 47.30, 56.12]),
    ],
)
def test_lines_lie_where_they_are_published(phase, lattice, angles) -> None:
    """2θ for Cu K-alpha 1, within 0.01° and strong."""
    found = _of(phase, lattice=lattice)
    for angle in angles:
        assert np.abs(_angles(found) - angle).min() < 0.01
        assert _intensity(found, angle) > 0.1 * found.strength.max()


@pytest.mark.parametrize(("cation", "ratio"), [("K", 1.075), ("Rb", 0.67), ("Cs", 0.40)])
def test_the_first_two_lines_tell_the_cation(cation, ratio) -> None:
    """(100):(200) of a cubic lead iodide is 100:93, 67:100 and 40:100; the motion of atoms adds up to 8 %."""
    found = reflections("perovskite", [{cation: 1.0}, {"Pb": 1.0}, {"I": 1.0}])
    assert _intensity(found, 14.05) / _intensity(found, 28.3) == pytest.approx(ratio, rel=0.08)


def test_organic_cations_hide_little_of_the_first_line() -> None:
    """They scatter less than potassium against the frame."""
    for composition in (FAPBI3, MAPBI3):
        found = _of("perovskite", composition, lattice=6.3)
        assert _intensity(found, 14.05) > 1.1 * _intensity(found, 28.3)


def _corundum() -> float:
    """Strength of (113) of corundum with its Lorentz factor, per density: what I/Ic is measured against.

    R-3c, a = 4.7587, c = 12.9929 Å, Al at z = 0.3522, O at x = 0.3063.
    """
    z, x = 0.3522, 0.3063
    centring = np.array([[0, 0, 0], [2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3]])
    aluminium = [(0, 0, w) for w in (z, 0.5 - z, -z, 0.5 + z)]
    oxygen = [(x, 0, 0.25), (0, x, 0.25), (-x, -x, 0.25), (-x, 0, 0.75), (0, -x, 0.75), (x, x, 0.75)]
    s = np.array([np.sin(np.radians(43.35 / 2)) / WAVELENGTHS[0]])
    amplitude = 0j
    for symbol, positions in (("Al", aluminium), ("O", oxygen)):
        spread = (np.array(positions)[:, None] + centring[None]).reshape(-1, 3)
        waves = np.exp(2j * np.pi * spread @ np.array([1, 1, 3])).sum()
        amplitude += complex(scattering({symbol: 1.0}, s)[0]) * np.exp(-0.3 * s[0] ** 2) * waves
    volume = 4.7587**2 * 12.9929 * np.sqrt(3) / 2
    strength = 12 * abs(amplitude) ** 2 / volume**2
    return float(strength * lorentz_polarization(np.array([np.radians(43.35 / 2)]))[0] / 3.99)


@pytest.mark.parametrize(
    ("phase", "composition", "lattice", "density", "expected"),
    [("pbi2", FAPBI3, None, 6.16, 18.0), ("perovskite", CSPBI3, 6.29, 4.80, 12.0)],
)
def test_strongest_lines_have_their_reference_intensity(phase, composition, lattice, density, expected) -> None:
    """I/Ic against corundum, by equal masses: 18 for PbI2 and 12 for cubic CsPbI3, computed from their structures.

    Within a fifth: how far atoms move by heat is a choice.
    """
    found = _of(phase, composition, lattice=lattice)
    strongest = (found.strength * lorentz_polarization(np.arcsin(found.s * WAVELENGTHS[0]))).max()
    assert strongest / density / _corundum() == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize(
    ("phase", "composition", "lattice", "expected"),
    [
        ("perovskite", FAPBI3, 6.361, 1013),
        ("perovskite", MAPBI3, 6.28, 1049),
        ("perovskite", CSPBI3, 6.29, 1320),
        ("perovskite", FASNI3, 6.316, 911),
        ("pbi2", FAPBI3, None, 1599),
    ],
)
def test_attenuation_is_that_of_the_tables(phase, composition, lattice, expected) -> None:
    """In 1/cm; hydrogen left out costs less than 1 %."""
    stretch = 1.0 if lattice is None else lattice / FIXED[phase].cell[0]
    occupants = [contents(site.kind, phase, composition) for site in FIXED[phase].sites]
    assert attenuation(phase, occupants, stretch) == pytest.approx(expected, rel=0.02)


@given(st.floats(0.3, 2.0))
def test_texture_only_redistributes(march) -> None:
    """Property: the density averages to one over all directions."""
    cosine = (np.arange(20000) + 0.5) / 20000
    assert march_dollase(cosine**2, march).mean() == pytest.approx(1.0, abs=2e-3)


def test_a_standing_axis_strengthens_its_own_line() -> None:
    """(100) of the cubic cell has the axis among its six equivalents; (111) has none near it."""
    loose, upright = _of("perovskite", lattice=6.361), _of("perovskite", lattice=6.361, march=0.6)
    assert _intensity(upright, 13.91) > 1.3 * _intensity(loose, 13.91)
    assert _intensity(upright, 24.21) < _intensity(loose, 24.21)


def test_forbidden_lines_are_dark() -> None:
    """(200) of silicon and (100) of the face-centred double perovskite."""
    found = _of("silicon")
    dark = (np.sort(np.abs(found.indices), axis=1) == [0, 0, 2]).all(axis=1)
    assert found.strength[dark].max(initial=0.0) < 1e-9 * found.strength.max()


def test_a_structure_is_worked_out_once() -> None:
    """Kept per process."""
    assert geometry("pbi2") is geometry("pbi2")
