"""Design spaces."""

import pytest
from pydantic import ValidationError

from lab_agents.records.space import DesignSpace, Parameter


def _space(*ranges, names="abc", simplex=True):
    parameters = tuple(Parameter(name=n, lower=lo, upper=hi) for n, (lo, hi) in zip(names, ranges, strict=False))
    return DesignSpace(parameters=parameters, simplex=simplex)


@pytest.mark.parametrize(
    "ranges",
    [
        pytest.param([(0.6, 1.0), (0.6, 1.0)], id="too much"),
        pytest.param([(0.0, 0.3), (0.0, 0.3)], id="too little"),
        pytest.param([(-0.5, 1.0), (0.0, 1.0)], id="negative"),
    ],
)
def test_an_empty_simplex_is_refused(ranges):
    with pytest.raises(ValidationError, match="the simplex is empty"):
        _space(*ranges)
    assert len(_space(*ranges, simplex=False).parameters) == 2


def test_two_parameters_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="named twice"):
        _space((0.0, 1.0), (0.0, 1.0), names="aa")


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 1.0), (2.0, 1.0)])
def test_a_range_has_a_lower_end_below_its_upper(lower, upper):
    with pytest.raises(ValidationError, match="must be below"):
        Parameter(name="a", lower=lower, upper=upper)


def test_a_space_without_parameters_is_refused():
    with pytest.raises(ValidationError):
        DesignSpace(parameters=())
