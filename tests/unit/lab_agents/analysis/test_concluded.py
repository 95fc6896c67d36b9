"""What an analysis hands back cannot be half a conclusion."""

import math

import pytest

from lab_agents.analysis.concluded import Concluded, Conclusions, Missing


@pytest.mark.parametrize(
    ("value", "deviation"),
    [(math.nan, 1.0), (math.inf, 1.0), (1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (1.0, math.inf)],
)
def test_a_value_without_an_uncertainty_is_no_conclusion(value: float, deviation: float) -> None:
    """Nor is one that is no number."""
    with pytest.raises(ValueError, match="is no conclusion"):
        Concluded("gap", value, deviation, "eV", "edge")


def test_a_property_is_concluded_or_missing_once() -> None:
    """Both at once would leave the reader to choose; nothing at all would say nothing."""
    gap = Concluded("gap", 1.5, 0.01, "eV", "edge")
    assert Conclusions((gap,), (Missing("kept", "no spectrum before"),)).values == (gap,)
    for values, missing in ((), ()), ((gap, gap), ()), ((gap,), (Missing("gap", "none"),)):
        with pytest.raises(ValueError, match="each property once"):
            Conclusions(values, missing)
