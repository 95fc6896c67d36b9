"""The least cost under equations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab_agents.agents.linear_program import minimize


def test_the_cheapest_corner_is_found():
    assert minimize([1.0, 2.0], [[1.0, 1.0]], [3.0]) == [3.0, 0.0]
    assert minimize([2.0, 1.0], [[1.0, 1.0]], [3.0]) == [0.0, 3.0]


def test_equations_that_cannot_hold_have_no_answer():
    assert minimize([1.0], [[1.0]], [-1.0]) is None
    assert minimize([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0]) is None


def test_an_equation_that_says_nothing_new_does_no_harm():
    assert minimize([1.0, 1.0], [[1.0, 2.0], [2.0, 4.0]], [2.0, 4.0]) == [0.0, 1.0]
    assert minimize([1.0], [[0.0]], [0.0]) == [0.0]


@settings(max_examples=100, deadline=None)
@given(
    x=st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4),
    rows=st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=3),
    costs=st.lists(st.floats(0.1, 2.0), min_size=4, max_size=4),
)
def test_what_can_be_met_is_met_at_no_more_than_the_cost_of_any_way(x, rows, costs):
    """Built from a known way, which costs at least as much."""
    sums = [sum(a * v for a, v in zip(row, x, strict=True)) for row in rows]
    found = minimize(costs, rows, sums)
    assert found is not None
    assert min(found) >= 0.0
    for row, total in zip(rows, sums, strict=True):
        assert sum(a * v for a, v in zip(row, found, strict=True)) == pytest.approx(total, abs=1e-7)
    assert (
        sum(c * v for c, v in zip(costs, found, strict=True))
        <= sum(c * v for c, v in zip(costs, x, strict=True)) + 1e-7
    )
