"""The objective."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.target import Target
from planners.objectives import in_target_unit, training_data
from tests.contracts.planner import BOX, question


def test_larger_is_better_whatever_the_direction() -> None:
    """A minimized property changes its sign and nothing else."""
    down, up = training_data(question(BOX)), training_data(question(BOX, direction="maximize"))
    assert (down.values == up.values).all()
    assert (down.inputs == up.inputs).all()
    assert (down.values < 0).all()


def test_rows_are_sorted_by_sample_in_unit_coordinates() -> None:
    """Whatever order the observations came in."""
    asked = question(BOX)
    turned = training_data(replace(asked, observations=asked.observations[::-1]))
    assert (turned.inputs == training_data(asked).inputs).all()
    assert ((turned.inputs >= 0) & (turned.inputs <= 1)).all()


@given(st.floats(-1e9, 1e9), st.sampled_from(["minimize", "maximize"]))
def test_the_way_back_is_exact(value: float, direction: str) -> None:
    """Objective to property and back, bit for bit."""
    target = Target.model_validate({"property": "y", "direction": direction})
    assert in_target_unit(target, in_target_unit(target, value)) == value
