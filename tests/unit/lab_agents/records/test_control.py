"""Control films as campaigns declare them."""

import pytest
from pydantic import ValidationError

from lab_agents.records.control import ControlLimits, Controls, control_id, is_control
from lab_agents.records.questions import sample_id

CONTROLS = Controls(recipe={"a": 1.0}, properties={"gap": ControlLimits(deviation=0.01)})


def test_a_control_film_goes_with_the_first_and_each_fifth_batch_after_it():
    """Batches count from 1."""
    assert [batch for batch in range(1, 13) if CONTROLS.is_due(batch)] == [1, 6, 11]


@pytest.mark.parametrize("campaign", ["absorber", "control", "control_1", "a"])
def test_no_candidate_has_the_id_of_a_control_film(campaign):
    """Whatever the campaign is called."""
    assert is_control(control_id(campaign, 6))
    assert not is_control(sample_id(campaign, 6))


@pytest.mark.parametrize("changes", [{"every": 0}, {"recipe": {}}, {"properties": {}}, {"often": 3}])
def test_controls_that_cannot_be_meant_are_refused(changes):
    """Before anything is made."""
    stated = {"recipe": {"a": 1.0}, "properties": {"gap": {"deviation": 0.01}}} | changes
    with pytest.raises(ValidationError):
        Controls.model_validate(stated)


@pytest.mark.parametrize("deviation", [0.0, -0.1])
def test_a_deviation_is_positive(deviation):
    """No film is like the other."""
    with pytest.raises(ValidationError):
        ControlLimits(deviation=deviation)
