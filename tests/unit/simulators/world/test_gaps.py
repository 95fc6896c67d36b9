"""Gaps against published ones."""

import numpy as np
import pytest

from simulators.world.gap_field import GapField
from simulators.world.gaps import gap, polynomial_gap
from tests.perovskites import CONSTANTS, SMOOTH, mixed, sites

PUBLISHED = [
    (mixed(ma=1.0), 1.57),
    (mixed(ma=1.0, sn=0.5), 1.20),
    (mixed(fa=0.75, cs=0.25, sn=0.5), 1.20),
    (mixed(fa=0.6, ma=0.4, sn=0.6), 1.25),
    (mixed(fa=0.83, cs=0.17, br=0.4), 1.74),
    (mixed(fa=0.83, cs=0.17, br=0.5), 1.80),
    (mixed(cs=0.05, fa=0.79, ma=0.16, br=0.17), 1.61),
    (mixed(cs=1.0, br=1 / 3), 1.91),
    (mixed(cs=1.0, sn=1.0, br=1 / 3), 1.37),
    (mixed(ma=1.0, sn=1.0, br=1 / 3), 1.56),
    (mixed(ma=1.0, sn=1.0, br=2 / 3), 1.75),
]
"""Draguta 2017; Eperon 2016 (twice); Zhao 2017; McMeekin 2016; Eperon 2016; Saliba 2016; Sutton 2016; Sabba 2015; Hao
2014 (twice)."""


@pytest.mark.parametrize(("composition", "published"), PUBLISHED)
def test_gaps_are_the_published_ones_within_60_mev(composition, published) -> None:
    """Eleven mixed perovskites of eight papers."""
    assert abs(polynomial_gap(sites(composition), SMOOTH)[0] - published) <= 0.06


def test_gaps_are_the_published_ones_within_35_mev_on_the_whole() -> None:
    """The same, as a root mean square."""
    found = polynomial_gap(sites(*(composition for composition, _ in PUBLISHED)), SMOOTH)
    assert np.sqrt(np.mean((found - [gap for _, gap in PUBLISHED]) ** 2)) < 0.035


@pytest.mark.parametrize("x", np.linspace(0, 1, 11))
def test_the_bromides_of_mapb_follow_the_published_parabola(x) -> None:
    """1.57 + 0.39 x + 0.33 x² [Noh, Nano Lett. 2013], within 10 meV."""
    assert abs(polynomial_gap(sites(mixed(ma=1.0, br=x)), SMOOTH)[0] - (1.57 + 0.39 * x + 0.33 * x**2)) <= 0.01


@pytest.mark.parametrize("a_site", [{"ma": 1.0}, {"fa": 1.0}, {"fa": 0.75, "cs": 0.25}])
def test_the_iodides_have_one_least_gap_at_half_tin(a_site) -> None:
    """1.17 to 1.25 eV at 50 to 70 % of tin, below both ends [Hao, JACS 2014]."""
    tin = np.linspace(0, 1, 101)
    gaps = polynomial_gap(sites(*(mixed(sn=s, **a_site) for s in tin)), SMOOTH)
    assert 1.17 <= gaps.min() <= 1.25
    assert 0.5 <= tin[gaps.argmin()] <= 0.7
    assert np.count_nonzero(np.diff(np.sign(np.diff(gaps)))) == 1


def test_the_gap_of_the_world_is_the_polynomial_and_the_field() -> None:
    """Knowing the polynomial is not knowing the world."""
    made, field = sites(mixed(fa=0.8, cs=0.2, sn=0.5)), GapField(CONSTANTS, 5)
    assert gap(made, CONSTANTS, field)[0] == polynomial_gap(made, CONSTANTS)[0] + field(made)[0]
    assert field(made)[0] != 0.0
