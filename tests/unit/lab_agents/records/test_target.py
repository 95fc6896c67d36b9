"""Targets."""

import pytest

from lab_agents.records.target import Target


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_a_value_times_the_sign_is_better_where_it_is_larger(direction, sign):
    assert Target(property="toughness", direction=direction).sign == sign
