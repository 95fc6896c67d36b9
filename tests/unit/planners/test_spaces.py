"""The design space in numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab_agents.records.space import DesignSpace, Parameter
from planners.errors import SpaceError
from planners.spaces import (
    as_points,
    from_unit,
    is_inside,
    project,
    random_points,
    remaining,
    spread_points,
    to_candidate,
    to_unit,
)


@st.composite
def spaces(draw: st.DrawFn) -> DesignSpace:
    """Boxes, simplices with bounds, and products of them, of one to seven parameters in mixed order."""
    sizes = draw(st.lists(st.integers(2, 4), max_size=2))
    names = draw(st.permutations([f"p{i}" for i in range(sum(sizes) + draw(st.integers(0 if sizes else 1, 3)))]))
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    simplices = tuple(tuple(names[end - size : end]) for end, size in zip(ends, sizes, strict=True))
    parameters = []
    for i in range(len(names)):
        is_fraction = any(f"p{i}" in group for group in simplices)
        lower = draw(st.floats(0, 0.3) if is_fraction else st.floats(-1e3, 1e3))
        width = draw(st.floats(0.05, 1.0) if is_fraction else st.floats(1e-3, 1e3))
        parameters.append(Parameter(name=f"p{i}", lower=lower, upper=lower + width))
    try:
        return DesignSpace(parameters=tuple(parameters), simplices=simplices)
    except ValidationError:  # an empty simplex is refused when it is declared
        return DesignSpace(parameters=tuple(parameters))


@given(spaces(), st.integers(1, 40), st.integers(0, 2**31))
def test_drawn_points_lie_in_the_space(space: DesignSpace, n: int, seed: int) -> None:
    """Spread and random points keep every bound and sum to one on each simplex."""
    for points in (spread_points(space, n, seed), random_points(space, n, np.random.default_rng(seed))):
        assert points.shape == (n, len(space.parameters))
        assert all(is_inside(space, point) for point in points)


@given(spaces(), st.integers(0, 2**31))
def test_projection_lands_in_the_space_and_leaves_what_is_inside(space: DesignSpace, seed: int) -> None:
    """Any point is projected into the space; a point of the space is its own projection."""
    generator = np.random.default_rng(seed)
    wild = project(space, generator.normal(scale=3.0, size=(10, len(space.parameters))))
    assert all(is_inside(space, point) for point in wild)
    assert project(space, wild) == pytest.approx(wild, abs=1e-9)


def test_the_projection_onto_the_simplex_is_the_nearest_point() -> None:
    """No random point of the space is nearer."""
    space = DesignSpace(
        parameters=tuple(Parameter(name=n, lower=0.1, upper=u) for n, u in (("a", 0.4), ("b", 0.9), ("c", 0.6))),
        simplices=(("a", "b", "c"),),
    )
    generator = np.random.default_rng(3)
    others = random_points(space, 2000, generator)
    for point in generator.normal(0.3, 0.5, size=(20, 3)):
        nearest = np.linalg.norm(project(space, point[None])[0] - point)
        assert nearest <= np.linalg.norm(others - point, axis=1).min() + 1e-9


@given(spaces(), st.integers(0, 2**31))
def test_unit_coordinates_and_back_are_the_identity(space: DesignSpace, seed: int) -> None:
    """To within rounding."""
    points = random_points(space, 5, np.random.default_rng(seed))
    assert from_unit(space, to_unit(space, points)) == pytest.approx(points, rel=1e-9, abs=1e-9)


def test_a_candidate_that_came_back_through_json_is_recognized() -> None:
    """The last digits of a double do not make another candidate; the fourth decimal does."""
    pool = np.array([[0.1 + 0.2, 0.7], [0.5, 0.5], [0.5001, 0.4999]])
    left = remaining(pool, np.array([[0.3, 0.7], [0.5, 0.5]]))
    assert left.tolist() == [[0.5001, 0.4999]]


def test_a_simplex_point_off_the_sum_is_outside() -> None:
    """Fractions must sum to one."""
    space = DesignSpace(
        parameters=tuple(Parameter(name=n, lower=0, upper=1) for n in ("a", "b")), simplices=(("a", "b"),)
    )
    assert is_inside(space, np.array([0.25, 0.75]))
    assert not is_inside(space, np.array([0.25, 0.7501]))
    assert not is_inside(space, np.array([-0.1, 1.1]))


def test_rows_of_another_length_are_refused() -> None:
    """The message names the row and both numbers."""
    space = DesignSpace(parameters=(Parameter(name="a", lower=0, upper=1),))
    with pytest.raises(SpaceError, match="Point 1 has 2 values; the design space has 1"):
        as_points(space, [(0.5,), (0.5, 0.6)])
    with pytest.raises(SpaceError, match="finite"):
        as_points(space, [(float("nan"),)])


def test_a_candidate_names_its_parameters() -> None:
    """Columns are in the order of the space's parameters."""
    space = DesignSpace(parameters=tuple(Parameter(name=n, lower=0, upper=9) for n in ("b", "a")))
    assert dict(to_candidate(space, np.array([1.0, 2.0])).values) == {"b": 1.0, "a": 2.0}
