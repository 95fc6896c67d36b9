"""Four-point probe. The lines here are made by this test alone."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.concluded import Conclusions
from lab_agents.analysis.electrical import INFINITE, conclude_sheet, square_correction
from lab_agents.analysis.errors import AnalysisError, UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.records.recipe import Argument
from lab_agents.records.sample import AsMade

NOBODY = AsMade(values={}, deviations={})


def record(sheet: float, *, top: float = 1e-5, noise: float = 0.0, seed: int = 0, **changes: object) -> bytes:
    """A list of 11 currents up to `top` (A) on a square of 15 mm of `sheet` ohm/sq; `changes` replace fields."""
    rng = np.random.default_rng(seed)
    current = np.linspace(-top, top, 11)
    voltage = sheet / INFINITE / square_correction(15.0) * current * (1 + noise * rng.normal(size=11)) + 2e-6
    fields = {"current": current.tolist(), "voltage": np.clip(voltage, -10, 10).tolist(), "spacing": 1.0}
    return json.dumps(fields | {"compliance": 10.0} | changes).encode()


def conclude(raw: bytes, **settings: Argument) -> Conclusions:
    """What a list on a film of a declared side says."""
    return conclude_sheet(Evidence(raw, {"side": 15.0} | settings, NOBODY))


@pytest.mark.parametrize(("width", "factor"), [(5.0, 3.5098), (7.5, 4.0095), (10.0, 4.2209), (40.0, 4.5120)])
def test_the_correction_of_a_square_is_the_published_one(width: float, factor: float) -> None:
    """Smits, Bell Syst. Tech. J. 37, 711 (1958), gives pi / ln 2 times the correction in his first table."""
    assert INFINITE * square_correction(width) == pytest.approx(factor, abs=1e-3)


@given(st.floats(3.1, 200.0), st.floats(1.01, 2.0))
def test_the_correction_rises_with_the_film_towards_one(width: float, more: float) -> None:
    """An edge crowds the current."""
    assert 0 < square_correction(width) < square_correction(width * more) < 1 + 1e-12


def test_tips_beside_the_film_are_refused() -> None:
    """Three spacings do not fit on less than three."""
    with pytest.raises(UnusableError, match=r"film is 2\.5 spacings wide"):
        conclude(record(1e4), side=2.5)


@given(st.floats(1.0, 2e5))
def test_a_line_without_noise_gives_its_sheet_back(sheet: float) -> None:
    """Whatever the thermal voltage; the placing of the tips is the deviation."""
    (concluded,) = conclude(record(sheet)).values
    assert concluded.value == pytest.approx(sheet, rel=1e-6)
    assert concluded.deviation == pytest.approx(0.01 * sheet, rel=1e-6)
    assert (concluded.property, concluded.unit) == ("sheet_resistance", "ohm/sq")


def test_the_stated_interval_covers_the_truth() -> None:
    """300 films, tips placed to 1 %, readings to 1 %: 90 % intervals cover 85 to 95 %."""
    rng = np.random.default_rng(7)
    inside = 0
    for seed in range(300):
        (concluded,) = conclude(record(2100.0 * (1 + 0.01 * rng.normal()), noise=0.01, seed=seed)).values
        inside += abs(concluded.value - 2100.0) < 1.645 * concluded.deviation
    assert 0.85 < inside / 300 < 0.95


def test_an_unknown_side_widens_the_interval() -> None:
    """The film is then taken for 10 to 20 spacings wide."""
    (known,) = conclude(record(1e4)).values
    (unknown,) = conclude_sheet(Evidence(record(1e4), {}, NOBODY)).values
    assert unknown.deviation > 1.5 * known.deviation
    assert abs(unknown.value - known.value) < 2 * unknown.deviation


def test_a_sheet_over_range_is_missing_and_not_a_number() -> None:
    """At 1e9 ohm/sq every current ends at the compliance."""
    conclusions = conclude(record(1e9))
    assert conclusions.values == ()
    assert "over range: 10 of 11 points reach the compliance of 10 V" in conclusions.missing[0].reason


def test_points_at_the_compliance_are_left_out_of_the_line() -> None:
    """Where enough others are left: 4e6 ohm/sq lies below it up to 1e-5 A, and above for more."""
    (concluded,) = conclude(record(6e6)).values
    assert concluded.value == pytest.approx(6e6, rel=1e-6)


@pytest.mark.parametrize(
    "voltage",
    [np.random.default_rng(2).normal(size=11) * 1e-3, -np.linspace(-1, 1, 11), np.zeros(11), np.full(11, 0.3)],
)
def test_tips_that_do_not_touch_are_no_contact(voltage: np.ndarray) -> None:
    """Scatter, a falling line, nothing at all: lower the tips again."""
    with pytest.raises(UnusableError, match="no ohmic contact") as caught:
        conclude(record(1e4, voltage=voltage.tolist()))
    assert caught.value.may_help


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"voltage": [0.1] * 10}, "11 currents, but 10 voltages"),
        ({"current": [1e-6] * 11}, "1 different currents; a line takes 4"),
        ({"spacing": 0.0}, "spacing"),
        ({"compliance": -1.0}, "compliance"),
        ({"voltage": [math.nan] * 11}, "voltage"),
    ],
)
def test_what_is_no_probe_record_is_refused_with_the_reason(changes: dict[str, object], reason: str) -> None:
    """Measuring again would not help."""
    with pytest.raises(UnreadableError, match=reason):
        conclude(record(1e4, **changes))


@given(st.lists(st.floats(-10, 10), min_size=11, max_size=11))
def test_any_voltages_are_concluded_or_refused(voltage: list[float]) -> None:
    """No division by zero, no NaN."""
    try:
        conclusions = conclude(record(1e4, voltage=voltage))
    except AnalysisError:
        return
    assert len(conclusions.values) + len(conclusions.missing) == 1
