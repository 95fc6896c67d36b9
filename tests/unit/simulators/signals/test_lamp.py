"""The lamp."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.lamp import LampState, SoakScan, delivered, irradiance, soak

SCAN = SoakScan()


def _trace(lamp) -> tuple[np.ndarray, np.ndarray]:
    record = soak(lamp, SCAN, np.random.default_rng(1))
    return np.array(record["time"]), np.array(record["irradiance"])


def test_a_good_lamp_holds_its_sun() -> None:
    """Half an hour at one sun within a percent."""
    times, suns = _trace(LampState())
    assert times[-1] == 1800.0
    assert suns[5:].mean() == pytest.approx(1.0, abs=0.002)
    assert suns[5:].std() < 0.01
    assert delivered(LampState(), SCAN) == pytest.approx(1.0, abs=0.01)


def test_a_lamp_that_goes_out_is_seen_to() -> None:
    """The trace falls to dark and goes on; half the light was delivered."""
    times, suns = _trace(LampState(fails_at=900.0))
    assert abs(suns[times >= 900.0]).max() < 0.01
    assert delivered(LampState(fails_at=900.0), SCAN) == pytest.approx(0.5, abs=0.01)


def test_a_dying_lamp_decays() -> None:
    """By e in its time constant."""
    suns = irradiance(LampState(decay=900.0), SCAN)
    assert suns[90] == pytest.approx(np.exp(-1.0), rel=0.01)


def test_a_lost_monitor_ends_the_trace() -> None:
    """The light goes on; nobody saw it."""
    times, _ = _trace(LampState(trace_ends_at=600.0))
    assert times[-1] == 600.0
    assert delivered(LampState(trace_ends_at=600.0), SCAN) == pytest.approx(1.0, abs=0.01)


@given(st.floats(0.5, 1.5), st.floats(0.1, 2.0))
def test_light_is_level_times_what_was_asked(level, suns) -> None:
    """Property: once warm."""
    assert irradiance(LampState(level=level), SoakScan(suns=suns))[-1] == pytest.approx(level * suns)
