"""Scattering and absorption of atoms."""

import numpy as np
import pytest

from simulators.signals.atoms import cross_section, scattering


def test_an_atom_scatters_with_all_its_electrons_forward() -> None:
    """Iodine has 53; the anomalous part takes half an electron at 8.05 keV."""
    assert scattering({"I": 1.0}, np.array([0.0]))[0].real == pytest.approx(52.5, abs=0.1)


def test_a_mixed_site_scatters_by_its_shares() -> None:
    """Mixing is linear."""
    s = np.linspace(0.0, 0.5, 7)
    mixed = scattering({"Pb": 0.25, "Sn": 0.75}, s)
    assert np.allclose(mixed, 0.25 * scattering({"Pb": 1.0}, s) + 0.75 * scattering({"Sn": 1.0}, s))


def test_a_turning_cation_fades_faster_than_its_atoms() -> None:
    """FA scatters with 20 electrons of C and N2 forward, and less than half of theirs at 1/d = 0.4."""
    s = np.array([0.0, 0.2])
    turning = np.abs(scattering({"FA": 1.0}, s))
    still = np.abs(scattering({"C": 1.0, "N": 2.0}, s))
    assert turning[0] == pytest.approx(still[0])
    assert turning[1] < 0.5 * still[1]


def test_heavier_atoms_take_more_of_the_beam() -> None:
    """Per atom: Pb above I above Br above N."""
    found = [cross_section({symbol: 1.0}) for symbol in ("Pb", "I", "Br", "N")]
    assert found == sorted(found, reverse=True)
