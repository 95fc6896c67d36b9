"""Light soaks: what the reference cell saw becomes a dose, or the lamp failed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.concluded import Concluded
from lab_agents.analysis.errors import AnalysisError, UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.soak import conclude_soak
from lab_agents.records.recipe import Argument
from lab_agents.records.sample import AsMade

TIME = np.linspace(0.0, 1800.0, 181)
HALF_HOUR: dict[str, Argument] = {"exposure": 1800.0, "irradiance": 1.0}


def evidence(readings: list[float], settings: dict[str, Argument] = HALF_HOUR, **changes: object) -> Evidence:
    """A soak's record with its settings; `changes` replace fields."""
    record = {"time": TIME.tolist(), "irradiance": readings} | changes
    return Evidence(json.dumps(record).encode(), settings, AsMade(values={}, deviations={}))


def dose(irradiance: list[float]) -> Concluded:
    """The one value of a soak."""
    (concluded,) = conclude_soak(evidence(irradiance)).values
    return concluded


@given(st.floats(0.96, 1.3), st.floats(-0.02, 0.02))
def test_a_steady_or_drifting_lamp_gives_its_integral(level: float, drift: float) -> None:
    """A straight line is integrated exactly; the cell's 2 % are the deviation."""
    concluded = dose((level + drift * (TIME / 1800.0 - 0.5)).tolist())
    assert concluded.value == pytest.approx(30.0 * level)
    assert concluded.deviation == pytest.approx(0.02 * concluded.value, rel=1e-3)
    assert (concluded.property, concluded.unit) == ("dose", "sun min")


def test_noise_widens_the_deviation() -> None:
    """Readings that scatter by 20 % leave 0.45 sun min of 30."""
    noisy = 1 + 0.2 * np.random.default_rng(1).normal(size=len(TIME))
    assert dose(noisy.tolist()).deviation == pytest.approx(np.hypot(0.6, 0.2 * 30 / np.sqrt(181)), rel=0.1)


@pytest.mark.parametrize(
    ("irradiance", "reason"),
    [
        (
            np.where(TIME <= 600, 1.0, 0.0),
            r"gave 10\.08 sun min of the 30 declared; it was last seen to shine at 600 s",
        ),
        (np.zeros(181), "it never shone"),
        (np.full(181, 0.9), r"gave 27 sun min.* with at most 0\.9 suns"),
        (np.where(TIME == 300, -1.0, 1.0), "Irradiance 30 is -1 suns"),
    ],
)
def test_a_lamp_that_failed_is_said_to_have_failed(irradiance: np.ndarray, reason: str) -> None:
    """What the film shows afterwards says nothing, and another soak may help."""
    with pytest.raises(UnusableError, match=reason) as caught:
        conclude_soak(evidence(irradiance.tolist()))
    assert caught.value.may_help


def test_a_record_that_ends_early_is_too_little_light() -> None:
    """Also where the lamp shone to its end."""
    short = TIME[:91].tolist()
    with pytest.raises(UnusableError, match="shone until the record ends at 900 s"):
        conclude_soak(evidence([1.0] * 91, time=short))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": TIME.tolist()[:-1]}, "180 times and 181 irradiances"),
        ({"time": TIME.tolist()[::-1]}, "times do not increase"),
        ({"time": [0.0], "irradiance": [1.0]}, "1 times and 1 irradiances"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_is_no_soak_is_refused_with_the_reason(changes: dict[str, object], reason: str) -> None:
    """Measuring again would not help."""
    with pytest.raises(UnreadableError, match=reason):
        conclude_soak(evidence([1.0] * 181, **changes))


def test_a_lamp_may_call_exposure_and_irradiance_as_its_act_does() -> None:
    """Its set-points are `duration` and `suns`."""
    (given,) = conclude_soak(evidence([0.5] * 181, {"duration": 1800.0, "suns": 0.5})).values
    assert given.value == pytest.approx(15.0)
    with pytest.raises(UnusableError):
        conclude_soak(evidence([0.5] * 181, {"duration": 1800.0, "suns": 1.0}))


def test_a_soak_without_a_declared_exposure_is_refused() -> None:
    """Nobody could tell whether the lamp failed."""
    with pytest.raises(UnreadableError, match="declare no exposure"):
        conclude_soak(evidence([1.0] * 181, settings={}))


@given(st.binary(max_size=100))
def test_arbitrary_bytes_end_in_an_analysis_error(raw: bytes) -> None:
    """A foreign blob is a refusal with a reason."""
    with pytest.raises(AnalysisError):
        conclude_soak(Evidence(raw, HALF_HOUR, AsMade(values={}, deviations={})))
