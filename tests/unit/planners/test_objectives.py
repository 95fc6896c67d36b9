"""The objective."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.records.target import Target
from planners.objectives import in_target_unit, orientation, training_data
from tests.contracts.planner import BOX, question


def test_larger_is_better_whatever_the_direction() -> None:
    """A minimized property changes its sign and nothing else."""
    down, up = training_data(question(BOX), "loss"), training_data(question(BOX, direction="maximize"), "loss")
    assert (down.values == up.values).all()
    assert (down.inputs == up.inputs).all()
    assert (down.values < 0).all()


def test_rows_are_sorted_by_sample_in_unit_coordinates() -> None:
    """Whatever order the observations came in."""
    asked = question(BOX)
    turned = training_data(replace(asked, observations=asked.observations[::-1]), "loss")
    assert (turned.inputs == training_data(asked, "loss").inputs).all()
    assert ((turned.inputs >= 0) & (turned.inputs <= 1)).all()


@given(st.floats(-1e9, 1e9), st.sampled_from(["minimize", "maximize"]))
def test_the_way_back_is_exact(value: float, direction: str) -> None:
    """Objective to property and back, bit for bit."""
    target = Target.model_validate({"property": "y", "direction": direction})
    assert in_target_unit(target, in_target_unit(target, value)) == value


def test_samples_without_the_property_are_left_out() -> None:
    """Nothing is put in their place."""
    asked = question()
    lost = replace(asked.observations[2], outcomes={}, missing=frozenset({"loss"}))
    asked = replace(asked, observations=(*asked.observations[:2], lost, *asked.observations[3:]))
    assert len(training_data(asked, "loss").values) == len(asked.observations) - 1
    assert training_data(asked, "gap").inputs.shape == (0, 3)


def test_only_the_objective_is_turned_round() -> None:
    """A constraint has no direction, nor has the name of a parameter."""
    target = Target(property="loss", direction="minimize")
    assert (orientation(target, "loss"), orientation(target, "gap")) == (-1.0, 1.0)
    assert orientation(target.model_copy(update={"parameter": "a"}), "loss") == 1.0
