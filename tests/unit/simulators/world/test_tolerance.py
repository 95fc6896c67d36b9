"""Tolerance factors. The 576 measured compounds are checked by `tests/tolerance_labels.py`, where they are at hand."""

import numpy as np
import pytest

from simulators.world.tolerance import factors_of_radii, tolerance_factors
from tests.perovskites import CONSTANTS, mixed, sites

COMPOUNDS = [
    ({"cs": 1.0}, 0.851, 4.30),
    ({"cs": 1.0, "sn": 1.0}, 0.861, 4.24),
    ({"cs": 1.0, "br": 1.0}, 0.862, 4.10),
    ({"ma": 1.0}, 0.912, 3.88),
    ({"fa": 1.0}, 0.987, 3.67),
    ({"fa": 1.0, "sn": 1.0}, 0.998, 3.70),
    ({"fa": 1.0, "br": 1.0}, 1.008, 3.47),
]


@pytest.mark.parametrize(("composition", "t", "tau"), COMPOUNDS)
def test_factors_are_those_of_the_radii(composition, t, tau) -> None:
    """Seven compounds, computed by hand from the tabulated radii."""
    factors = tolerance_factors(sites(mixed(**composition)), CONSTANTS)
    assert abs(factors.t[0] - t) < 6e-4
    assert abs(factors.tau[0] - tau) < 6e-3


@pytest.mark.parametrize("a_site", ["cs", "fa", "ma"])
@pytest.mark.parametrize("tin", [0.0, 1.0])
@pytest.mark.parametrize("halide", [{}, {"br": 1.0}, {"cl": 1.0}])
def test_only_the_iodides_of_caesium_are_beyond_tau(a_site, tin, halide) -> None:
    """Of the 18 end members CsPbI3 and CsSnI3 alone are above 4.18, the two that are yellow when kept."""
    factors = tolerance_factors(sites(mixed(sn=tin, **{a_site: 1.0}, **halide)), CONSTANTS)
    assert (factors.tau[0] > 4.18) == (a_site == "cs" and not halide)


def test_oxides_are_judged_as_published() -> None:
    """SrTiO3 is a perovskite, MgTiO3 is not [Bartel, Sci. Adv. 2019], with Shannon radii and an A of charge 2."""
    strontium, magnesium = factors_of_radii(
        np.array([1.44, 0.72]), np.array([0.605, 0.605]), np.array([1.40, 1.40]), 2.0
    ).tau
    assert strontium < 4.18 < magnesium
