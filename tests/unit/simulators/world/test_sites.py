"""Site fractions as arrays."""

import numpy as np
from hypothesis import given

from tests.perovskites import CONSTANTS, compositions, mixed, sites


def test_fractions_are_found_by_their_name() -> None:
    """The order of the columns is one thing that nobody else needs to know."""
    made = sites(mixed(cs=0.1, fa=0.7, ma=0.2, sn=0.6, br=0.2, cl=0.05))
    found = [made.cs, made.fa, made.ma, made.pb, made.sn, made.i, made.br, made.cl]
    np.testing.assert_allclose(np.array(found)[:, 0], [0.1, 0.7, 0.2, 0.4, 0.6, 0.75, 0.2, 0.05])


@given(compositions())
def test_interpolation_stays_between_the_end_members(composition) -> None:
    """Property: a weighted mean leaves no bounds."""
    value = sites(composition).trilinear(CONSTANTS.gaps)[0]
    assert 1.27 - 1e-9 <= value <= 3.55 + 1e-9


def test_end_members_are_their_own_mean() -> None:
    """Each entry of the table stands where A, B and X say."""
    assert sites(mixed(fa=1.0)).trilinear(CONSTANTS.lattices)[0] == 6.361
    assert sites(mixed(ma=1.0, sn=1.0, br=1.0)).trilinear(CONSTANTS.lattices)[0] == 5.89


def test_half_and_half_is_fully_mixed() -> None:
    """Pure compounds are not mixed at all."""
    pure, half, three = sites(mixed(ma=1.0), mixed(ma=1.0, sn=0.5), mixed(ma=1.0, br=1 / 3, cl=1 / 3)).mixing()
    assert (pure, half, three) == (0.0, 1.0, 1.0)
