"""Shapes of lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.diffraction.profile import Lines, draw_lines

GRID = 8 + 0.02 * np.arange(1850)


@given(st.floats(0.0, 1.0), st.floats(0.08, 0.4), st.floats(15.0, 38.0))
def test_a_line_has_unit_area_half_its_height_at_half_its_width_and_its_middle(
    share: float, width: float, middle: float
) -> None:
    """The Lorentzian's tails beyond five degrees are left out: less than 6 % of its area."""
    lines = draw_lines(GRID, np.array([middle]), np.array([width]), share, 5.0)
    pattern = lines.summed(np.array([1.0]))
    assert pattern.sum() * 0.02 == pytest.approx(1 - share * width / np.pi / 5, abs=0.006)
    shoulder = np.interp([middle - width / 2, middle + width / 2], GRID, pattern)
    assert shoulder == pytest.approx(np.full(2, pattern.max() / 2), rel=0.15)


@pytest.mark.parametrize("what", ["position", "width", "share"])
def test_derivatives_are_those_of_the_drawn_line(what: str) -> None:
    """Against a small step."""
    step = 1e-6
    base = {"position": 20.003, "width": 0.13, "share": 0.4}
    moved = base | {what: base[what] + step}

    def draw(values: dict[str, float]) -> Lines:
        return draw_lines(GRID, np.array([values["position"]]), np.array([values["width"]]), values["share"], 3.0)

    lines, area = draw(base), np.array([50.0])
    derivative = {"position": lines.shifted, "width": lines.widened, "share": lines.mixed}[what](area)
    change = (draw(moved).summed(area) - lines.summed(area)) / step
    assert derivative == pytest.approx(change, abs=1e-4 * np.abs(change).max())


def test_a_line_beyond_the_end_leaves_only_its_tail() -> None:
    """Points outside the pattern do not wrap around."""
    pattern = draw_lines(GRID, np.array([7.9]), np.array([0.1]), 0.5, 5.0).summed(np.array([100.0]))
    assert np.all(np.diff(pattern[:200]) <= 0)
    assert pattern[-1] == 0
