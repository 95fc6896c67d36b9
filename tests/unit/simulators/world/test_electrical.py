"""Charge."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.world.electrical import carriers, mobility, sheet_resistance
from tests.perovskites import CONSTANTS, compositions, mixed, sites


def _resistance(composition, oxidized=0.0, perovskite=1.0):
    made = sites(composition)
    holes = carriers(made, np.array([oxidized]), CONSTANTS)
    moving = mobility(made, holes, CONSTANTS)
    return sheet_resistance(holes, moving, np.array([500.0]), np.array([perovskite]), CONSTANTS)[0]


def test_black_cssni3_conducts_as_published() -> None:
    """1 to 5 kΩ/sq at 500 nm: 1e17 cm⁻³ at 585 cm²/(V s) give 2.1 [Chung, JACS 2012]."""
    assert 1e3 < _resistance(mixed(cs=1.0, sn=1.0)) < 5e3


def test_oxidized_masni3_conducts_as_published() -> None:
    """2e19 cm⁻³ and 7 mΩ cm: 140 Ω/sq at 500 nm [Mitzi 1995]."""
    assert 100 < _resistance(mixed(ma=1.0, sn=1.0), oxidized=0.0575) < 200


def test_mapbi3_is_out_of_range() -> None:
    """More than 1e9 Ω/sq in the dark."""
    assert _resistance(mixed(ma=1.0)) > 1e9


def test_lead_films_move_their_holes_as_published() -> None:
    """11 to 40 cm²/(V s) [Rehman, EES 2017]."""
    made = sites(mixed(fa=0.83, cs=0.17))
    assert 11 <= mobility(made, carriers(made, np.zeros(1), CONSTANTS), CONSTANTS)[0] <= 40


def test_a_film_that_is_mostly_something_else_does_not_conduct() -> None:
    """Below a third of perovskite no path is left."""
    assert _resistance(mixed(cs=1.0, sn=1.0), perovskite=0.3) > 1e12


@given(compositions(), st.floats(0, 1), st.floats(0, 1))
def test_resistance_is_a_number_of_any_film(composition, oxidized, perovskite) -> None:
    """Property: positive and finite, mobility between 1 and 500."""
    made = sites(composition)
    moving = mobility(made, carriers(made, np.array([oxidized]), CONSTANTS), CONSTANTS)[0]
    assert 1 <= moving <= 500
    assert 0 < _resistance(composition, oxidized, perovskite) < 1e18
