"""Design spaces."""

import pytest
from pydantic import ValidationError

from lab_agents.records.space import DesignSpace, Parameter


def _space(*ranges, names="abcd", simplices=(("a", "b"),), unit="1"):
    parameters = tuple(
        Parameter(name=n, lower=lo, upper=hi, unit=unit) for n, (lo, hi) in zip(names, ranges, strict=False)
    )
    return DesignSpace(parameters=parameters, simplices=simplices)


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
    assert len(_space(*ranges, simplices=()).parameters) == 2


@pytest.mark.parametrize(
    ("simplices", "problem"),
    [
        pytest.param((("a", "b"), ("b", "c")), "in two simplices", id="overlapping"),
        pytest.param((("a", "a", "b"),), "twice in one", id="twice in one"),
        pytest.param((("a", "x"),), "names x; the parameters are a, b, c, d", id="unknown"),
        pytest.param((("a",),), "fewer than two", id="alone"),
    ],
)
def test_a_simplex_names_two_or_more_parameters_of_its_own(simplices, problem):
    with pytest.raises(ValidationError, match=problem):
        _space(*[(0.0, 1.0)] * 4, simplices=simplices)


def test_fractions_have_no_unit():
    with pytest.raises(ValidationError, match="fractions have the unit 1"):
        _space((0.0, 1.0), (0.0, 1.0), unit="mg")


def test_a_mixture_is_one_simplex_of_all_parameters():
    full = [(0.0, 1.0)] * 4
    assert _space(*full, simplices=(("d", "a", "b", "c"),)).is_mixture
    assert not _space(*full, simplices=(("a", "b", "c"),)).is_mixture
    assert not _space(*full, simplices=(("a", "b"), ("c", "d"))).is_mixture
    assert not _space(*full, simplices=()).is_mixture


def test_two_parameters_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="named twice"):
        _space((0.0, 1.0), (0.0, 1.0), names="aa", simplices=())


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 1.0), (2.0, 1.0)])
def test_a_range_has_a_lower_end_below_its_upper(lower, upper):
    with pytest.raises(ValidationError, match="must be below"):
        Parameter(name="a", lower=lower, upper=upper)


def test_a_space_without_parameters_is_refused():
    with pytest.raises(ValidationError):
        DesignSpace(parameters=())
