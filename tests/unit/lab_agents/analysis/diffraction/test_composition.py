"""What fills the mixed sites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.diffraction.composition import (
    UNKNOWN,
    Filling,
    expected_lattice,
    fill_sites,
    possible_phases,
)

MADE = {"cs": 0.1, "fa": 0.8, "ma": 0.1, "pb": 0.5, "sn": 0.5, "i": 0.9, "br": 0.1, "cl": 0.0, "speed": 4000.0}


@given(st.lists(st.floats(0.01, 1), min_size=8, max_size=8))
def test_every_site_is_full(parts: list[float]) -> None:
    """Shares are normalized, whatever the analysis of the solution said."""
    filling = fill_sites(dict(zip(("cs", "fa", "ma", "pb", "sn", "i", "br", "cl"), parts, strict=True)))
    assert filling is not None
    for site in (filling.a, filling.b, filling.x):
        assert sum(share for _, share in site) == pytest.approx(1, abs=0.002)


def test_a_composition_without_a_part_is_unknown() -> None:
    """No silent default: the caller decides what to assume."""
    assert fill_sites({name: value for name, value in MADE.items() if name != "br"}) is None
    assert fill_sites(MADE | {"pb": 0.0, "sn": 0.0}) is None


def test_only_phases_of_the_films_elements_are_possible() -> None:
    """No chloride, no chlorine-rich phase; the solvate may always remain."""
    filling = fill_sites(MADE)
    assert filling is not None
    assert possible_phases(filling) == ("perovskite", "delta_fa", "delta_cs", "pbi2", "sni2", "a2sni6", "solvate")
    assert "cl_perovskite" in possible_phases(Filling(UNKNOWN.a, UNKNOWN.b, (("I", 0.95), ("Cl", 0.05))))


def test_the_lattice_of_an_end_member_is_its_published_one() -> None:
    """And a mixture lies between its end members."""
    assert expected_lattice(Filling((("FA", 1.0),), (("Pb", 1.0),), (("I", 1.0),))) == pytest.approx(6.362)
    assert 5.99 < expected_lattice(Filling((("FA", 1.0),), (("Pb", 1.0),), (("I", 0.5), ("Br", 0.5)))) < 6.362
