"""Series of controls against declared limits, and against their own first."""

import pytest

from lab_agents.agents.control_series import LONGEST, Control, judge_series, shortened
from lab_agents.records.control import ControlLimits


def series(*values: float | None) -> tuple[Control, ...]:
    """Controls with these values, one after the other."""
    return tuple(Control(id=f"c-{n}", value=value, position=n) for n, value in enumerate(values))


def test_without_a_declared_mean_the_first_is_the_reference():
    """Its own scatter widens the limits by the root of two."""
    judged = judge_series(ControlLimits(deviation=1.0), series(10.0, 14.0))
    assert (judged.mean, judged.deviation) == (10.0, pytest.approx(2**0.5))
    assert judged.verdict.is_in_control
    assert not judge_series(ControlLimits(deviation=1.0, value=10.0), series(10.0, 14.0)).verdict.is_in_control


def test_the_last_good_one_is_that_before_those_that_broke_the_rule():
    """Also where that is the reference."""
    broken = judge_series(ControlLimits(deviation=1.0), series(10.0, 10.5, 20.0))
    assert broken.last_good is not None
    assert broken.last_good.id == "c-1"
    first = judge_series(ControlLimits(deviation=1.0), series(10.0, 20.0)).last_good
    assert first is not None
    assert first.id == "c-0"


def test_one_that_could_not_be_read_is_out_of_control():
    """Nothing vouches for the instrument."""
    assert judge_series(ControlLimits(deviation=1.0), series(10.0, None)).verdict.rule == "1-3s"


def test_a_long_series_keeps_its_reference_and_its_last():
    """As many as any rule reads, and more."""
    long = series(*(float(n) for n in range(50)))
    kept = shortened(long)
    assert len(kept) == LONGEST
    assert (kept[0].id, kept[1].id, kept[-1].id) == ("c-0", "c-31", "c-49")
    assert shortened(kept) == kept
