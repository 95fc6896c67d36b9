"""Targets."""

import pytest
from pydantic import ValidationError

from lab_agents.records.target import Constraint, Target

GAP = Constraint(property="gap", lower=1.33, upper=1.37, unit="eV")
PURE = Constraint(property="perovskite_fraction", lower=0.95)


def _target(**changes):
    fields = {"property": "lead", "direction": "minimize", "parameter": "pb", "constraints": (GAP, PURE)}
    return Target(**(fields | changes))


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1.0), ("minimize", -1.0)])
def test_a_value_times_the_sign_is_better_where_it_is_larger(direction, sign):
    assert Target(property="toughness", direction=direction).sign == sign


def test_a_parameter_as_objective_is_never_measured():
    assert _target().properties == ("gap", "perovskite_fraction")
    assert _target().units == {"gap": "eV", "perovskite_fraction": "1"}


def test_a_measured_objective_comes_first_and_once():
    target = Target(property="gap", direction="maximize", unit="eV", constraints=(PURE, GAP))
    assert target.properties == ("gap", "perovskite_fraction")
    assert target.units["gap"] == "eV"


@pytest.mark.parametrize(("value", "met"), [(1.32, False), (1.33, True), (1.37, True), (1.38, False)])
def test_the_bounds_of_a_constraint_belong_to_it(value, met):
    assert GAP.is_met_by(value) is met


def test_an_open_side_refuses_nothing():
    assert PURE.is_met_by(7.0)
    assert Constraint(property="gap_shift", upper=0.02).is_met_by(-5.0)


@pytest.mark.parametrize(("bounds", "problem"), [((None, None), "neither"), ((1.0, 1.0), "must be below")])
def test_a_constraint_leaves_room_and_bounds_something(bounds, problem):
    with pytest.raises(ValidationError, match=problem):
        Constraint(property="gap", lower=bounds[0], upper=bounds[1])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"constraints": (GAP, GAP)}, "two constraints", id="twice"),
        pytest.param({"property": "gap"}, "cannot be a constraint", id="the parameter"),
        pytest.param({"property": "gap", "parameter": None}, "must be in the target's unit", id="another unit"),
        pytest.param({"confidence": 1.0}, "less than 1", id="certainty"),
    ],
)
def test_a_target_that_contradicts_itself_is_refused(changes, problem):
    with pytest.raises(ValidationError, match=problem):
        _target(**changes)
