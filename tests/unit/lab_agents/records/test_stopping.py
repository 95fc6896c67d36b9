"""Stopping rules: what can be meant."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from lab_agents.records.stopping import GainTooSmall, StoppingRules
from tests.strategies import records


@pytest.mark.parametrize("declared", [{}, {"below": 0.1, "worth": 2.0}])
def test_a_gain_is_measured_in_one_way(declared):
    with pytest.raises(ValidationError, match="give one"):
        GainTooSmall(**declared)


@given(rules=records(StoppingRules))
def test_rules_survive_json(rules):
    assert StoppingRules.model_validate_json(rules.model_dump_json()) == rules
