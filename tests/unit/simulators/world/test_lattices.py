"""Lattice parameters."""

import math

import numpy as np
import pytest

from simulators.world.lattices import lattice
from tests.perovskites import CONSTANTS, mixed, sites

K_ALPHA_1 = 1.540593


def _angle(spacing):
    return 2 * math.degrees(math.asin(K_ALPHA_1 / (2 * spacing)))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ma": 1.0}, {"ma": 1.0, "br": 1.0}),
        ({"fa": 1.0}, {"cs": 1.0}),
        ({"fa": 1.0}, {"fa": 1.0, "sn": 1.0}),
        ({"fa": 1.0, "sn": 1.0}, {"ma": 1.0, "sn": 1.0}),
    ],
)
def test_the_first_line_of_a_mix_lies_between_those_of_its_ends(one, other, share) -> None:
    """The (100) of a binary mix is within 0.02° of linear interpolation between the end members."""
    ends = lattice(sites(mixed(**one), mixed(**other)), CONSTANTS)
    names = ("cs", "fa", "ma", "sn", "br")
    between = {n: (1 - share) * one.get(n, 0.0) + share * other.get(n, 0.0) for n in names}
    found = _angle(lattice(sites(mixed(**between)), CONSTANTS)[0])
    assert abs(found - np.average([_angle(a) for a in ends], weights=[1 - share, share])) < 0.02


def test_the_first_lines_are_where_they_are_published() -> None:
    """FAPbI3 at 13.91°, the cubic CsPbI3 at 14.32° with the first line of copper."""
    fa, cs = lattice(sites(mixed(fa=1.0), mixed(cs=1.0)), CONSTANTS)
    assert round(_angle(fa), 2) == 13.91
    assert round(_angle(cs), 2) == 14.32
