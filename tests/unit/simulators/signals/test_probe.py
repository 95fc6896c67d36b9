"""The four-point probe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.signals.probe import INFINITE_SHEET, ProbeScan, ProbeState, sheet
from tests.films import film

TOUCHING = ProbeState(no_contact=0.0)


def _taken(resistance, state=TOUCHING, seed=1) -> tuple[np.ndarray, np.ndarray]:
    record = sheet(film(sheet_resistance=resistance), state, ProbeScan(), np.random.default_rng(seed))
    return np.array(record["current"]), np.array(record["voltage"])


@given(st.floats(1.0, 8.5), st.integers(0, 1000))
def test_voltage_over_current_gives_the_sheet_back(exponent, seed) -> None:
    """Property: 4.5324 times 0.93 to 0.95, within four of the 1 % noise, from 10 to 3e8 ohm per square."""
    current, voltage = _taken(10.0**exponent, seed=seed)
    slope = float((voltage * current).sum() / (current**2).sum())
    assert slope * INFINITE_SHEET * 0.94 == pytest.approx(10.0**exponent, rel=0.06)


def test_the_list_has_both_signs_and_its_settings() -> None:
    """Offsets cancel for whoever subtracts."""
    record = sheet(film(sheet_resistance=2000.0), TOUCHING, ProbeScan(), np.random.default_rng(1))
    assert set(record) == {"current", "voltage", "spacing", "compliance"}
    assert len(record["current"]) == len(record["voltage"]) == 10
    assert min(record["current"]) < 0 < max(record["current"])
    assert record["spacing"] == 1.0


@pytest.mark.parametrize("resistance", [5e9, 1e13])
def test_over_range_the_voltage_stands_at_the_compliance(resistance) -> None:
    """The last readings, which ask for the most current."""
    current, voltage = _taken(resistance)
    assert np.allclose(abs(voltage[-2:]), 2.1, atol=0.03)
    assert abs(current[-1]) < 0.5 * TOUCHING.smallest_current


def test_below_the_range_limit_the_compliance_is_not_met() -> None:
    """8e8 ohm per square are still read."""
    _, voltage = _taken(8e8)
    assert abs(voltage).max() < 2.05


def test_without_contact_nothing_flows() -> None:
    """Neither current nor voltage, unlike a film over range."""
    current, voltage = _taken(2000.0, ProbeState(no_contact=1.0))
    assert abs(current).max() < 1e-10
    assert abs(voltage).max() < 1e-3


def test_contact_is_missed_as_often_as_said() -> None:
    """Three percent, of 2,000 within four standard errors."""
    missed = sum(bool(abs(_taken(2000.0, ProbeState(), seed)[0]).max() < 1e-9) for seed in range(2000))
    assert missed / 2000 == pytest.approx(0.03, abs=0.016)


def test_blank_glass_is_over_range() -> None:
    """It conducts less than the source can show."""
    record = sheet(None, TOUCHING, ProbeScan(), np.random.default_rng(1))
    assert max(record["voltage"]) > 2.0
