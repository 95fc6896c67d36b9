"""Control charts by the rules of Westgard et al., Clin. Chem. 27, 493 (1981)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.charts import RULES, judge_controls


@pytest.mark.parametrize(
    ("z", "rule", "broken_at", "last_good"),
    [
        ([0.5, -0.5, 3.1], "1-3s", 2, 1),
        ([0.5, -0.5, -3.1, 0.0], "1-3s", 2, 1),
        ([-0.5, 2.1, 2.2], "2-2s", 2, 0),
        ([0.5, 2.1, -2.2], "R-4s", 2, 0),
        ([0.1, -0.1, 1.1, 1.2, 1.1, 1.9], "4-1s", 5, 1),
        ([-0.1, *[0.3] * 10], "10-x", 10, 0),
        ([3.5], "1-3s", 0, None),
        ([0.1, math.nan], "1-3s", 1, 0),
        ([0.1, -1.1, -1.1, -1.1, -3.1], "4-1s", 4, 0),
    ],
)
def test_each_rule_is_found_with_the_last_good_control(
    z: list[float], rule: str, broken_at: int, last_good: int | None
) -> None:
    """The rule that reads furthest back says since when nothing vouches for what was measured."""
    verdict = judge_controls([520.0 + 0.02 * x for x in z], 520.0, 0.02)
    assert (verdict.rule, verdict.broken_at, verdict.last_good) == (rule, broken_at, last_good)
    assert f"rule {rule} is broken" in verdict.reason
    assert not verdict.is_in_control


@pytest.mark.parametrize("z", [[], [2.9], [2.1, 0.0, 2.1], [1.1, 1.1, 1.1, 0.9], [0.3] * 9 + [-0.1], [2.1, -1.9]])
def test_what_breaks_no_rule_is_in_control(z: list[float]) -> None:
    """Warnings alone are none: the last control is good."""
    verdict = judge_controls(z, 0.0, 1.0)
    assert verdict.is_in_control
    assert verdict.last_good == (len(z) - 1 if z else None)


def test_false_alarms_are_rare_and_shifts_are_found() -> None:
    """2000 series of 10: about 8 % false alarms (1-3s 2.7 %, the others), a shift by 2 s is found in 99 %."""
    rng = np.random.default_rng(5)
    alarms = np.mean([not judge_controls(rng.normal(size=10).tolist(), 0, 1).is_in_control for _ in range(2000)])
    found = np.mean([not judge_controls(rng.normal(2, 1, size=10).tolist(), 0, 1).is_in_control for _ in range(500)])
    assert alarms < 0.12
    assert found > 0.99


@given(st.lists(st.floats(-5, 5), max_size=20), st.floats(0.01, 100), st.floats(-50, 50))
def test_a_verdict_does_not_change_with_the_unit_nor_with_later_controls(
    z: list[float], scale: float, origin: float
) -> None:
    """What is broken stays broken, and mirrored values break the same rules."""
    verdict = judge_controls(z, 0.0, 1.0)
    assert judge_controls([-x for x in z], 0.0, 1.0).rule == verdict.rule
    if verdict.broken_at is not None:
        assert judge_controls([*z, 0.0], 0.0, 1.0) == verdict
        assert verdict.rule in RULES
        assert verdict.last_good is None or verdict.last_good < verdict.broken_at
    integers = [float(round(x)) + 0.5 for x in z]
    scaled = [origin + scale * x for x in integers]
    assert judge_controls(scaled, origin, scale).rule == judge_controls(integers, 0.0, 1.0).rule


@pytest.mark.parametrize(("mean", "deviation"), [(math.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, math.inf)])
def test_a_chart_without_limits_is_refused(mean: float, deviation: float) -> None:
    """Nothing could break it, or everything."""
    with pytest.raises(ValueError, match="A chart takes"):
        judge_controls([0.0], mean, deviation)
