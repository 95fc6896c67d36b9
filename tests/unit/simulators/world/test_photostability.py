"""Light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.world.photostability import final_shift, kept, loss_exponent, segregated
from tests.perovskites import CONSTANTS, compositions, mixed, sites

GRAIN = np.array([300.0])


def test_lead_protects_tin_beyond_dilution_in_light() -> None:
    """Half tin loses less than half of what dilution alone would give [Leijtens 2017]."""
    half, tin = (loss_exponent(sites(mixed(fa=1.0, sn=s)), GRAIN, CONSTANTS)[0] for s in (0.5, 1.0))
    assert half < 0.5 * (0.5 * tin)


def test_small_grains_lose_more() -> None:
    """Oxidation goes along the boundaries."""
    made = sites(*[mixed(fa=1.0, sn=0.8)] * 2)
    small, large = kept(made, np.array([100.0, 900.0]), CONSTANTS)
    assert small < large < 1


@given(compositions(), st.floats(50, 2000))
def test_what_is_kept_is_a_share(composition, grain) -> None:
    """Property: between nothing and all."""
    assert 0 < kept(sites(composition), np.array([grain]), CONSTANTS)[0] <= 1


@pytest.mark.parametrize(
    ("composition", "is_stable"),
    [
        (mixed(ma=1.0, br=0.15), True),
        (mixed(ma=1.0, br=0.3), False),
        (mixed(fa=0.83, cs=0.17, br=0.4), True),
        (mixed(fa=0.83, cs=0.17, br=0.5), False),
    ],
)
def test_halides_segregate_where_published(composition, is_stable) -> None:
    """A shift of more than 20 meV: MAPb(I,Br)3 [Hoke 2015], FA.83Cs.17 [McMeekin 2016]."""
    shift = final_shift(sites(composition), np.ones(1), CONSTANTS)[0]
    assert (abs(shift) < 0.02) == is_stable


def test_what_does_not_segregate_does_not_shift() -> None:
    """15 % of bromide in MAPb: less than 1 meV."""
    assert abs(final_shift(sites(mixed(ma=1.0, br=0.15)), np.ones(1), CONSTANTS)[0]) < 1e-3


@given(compositions(), st.floats(0, 1))
def test_segregation_is_red_and_bad_films_segregate_more(composition, made) -> None:
    """Property: the gap never rises, and quality never hurts."""
    here, best = final_shift(sites(*[composition] * 2), np.array([made, 1.0]), CONSTANTS)
    assert here <= best <= 0


def test_segregation_takes_minutes() -> None:
    """Most of it within two minutes at one sun, none without light [Hoke 2015]."""
    assert segregated(0.0, CONSTANTS) == 0.0
    assert 0.8 < segregated(120.0, CONSTANTS) < 1
