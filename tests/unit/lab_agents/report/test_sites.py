"""Where samples of a space with several groups of fractions lie."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.report.account import Account
from lab_agents.report.sites import sites, zoomed
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


def test_sites_of_three_are_triangles_and_the_rest_is_drawn_in_pairs(tmp_path):
    figures = sites(tell(tell_absorber(tmp_path, 8)))
    assert [f.name for f in figures] == ["sites", "process"]
    for words in ("cs 100 %", "br 60 %", "share of sn", "gap (eV)"):
        assert words in figures[0].svg
    assert "anneal temperature (°C)" in figures[1].svg


def test_a_plain_mixture_is_drawn_elsewhere():
    assert sites(tell(tell_campaign(4, failing=None))) == []
    assert sites(Account()) == []


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_a_mixture_lies_in_its_triangle(weights):
    a, b, c = (0.7 * w / math.fsum(weights) for w in weights)
    x, y = zoomed([0.1 + a, b, 0.2 + c], [0.1, 0.0, 0.2])
    assert -1e-9 <= y <= math.sqrt(3) / 2 + 1e-9
    assert y / math.sqrt(3) - 1e-9 <= x <= 1 - y / math.sqrt(3) + 1e-9


def test_the_smallest_shares_are_drawn_on_the_opposite_sides():
    assert zoomed([0.4, 0.6, 0.0], [0.4, 0.0, 0.0]) == pytest.approx((1.0, 0.0))
