"""Light-soak traces. The traces here are made by this test alone, from the formula that the tester's page states."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.analysis.concluded import Concluded
from lab_agents.analysis.errors import AnalysisError, UnreadableError, UnusableError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.transmission import TransmissionTrace, conclude_transmission
from lab_agents.records.sample import AsMade

TIMES = np.linspace(0.0, 3600.0, 90)


def trace(share: float, *, noise: float = 0.0, seed: int = 0, fresh: float = 0.8, **changes: object) -> bytes:
    """A trace of a film that loses `share` of its absorbance `fresh`; `changes` replace fields."""
    absorbance = fresh * (1 - share * (1 - np.exp(-TIMES / 500.0)))
    transmission = 10**-absorbance + noise * np.random.default_rng(seed).normal(size=len(TIMES))
    record = {"time": TIMES.tolist(), "transmission": transmission.tolist(), "offset": 2.0, "span": 3.0, "tau": 500.0}
    return json.dumps(record | changes).encode()


def conclude(raw: bytes) -> Concluded:
    """The one value that a trace gives, for a campaign that wants a loss in %."""
    evidence = Evidence(raw, {}, AsMade(values={}, deviations={}), wanted=(("loss", "%"), ("rest", "1")))
    conclusions = conclude_transmission(evidence)
    assert conclusions.missing == ()
    (concluded,) = conclusions.values
    return concluded


def test_the_value_is_of_the_first_property_that_is_wanted() -> None:
    """A trace does not say what it measures; without a wish it cannot be read."""
    concluded = conclude(trace(0.3))
    assert (concluded.property, concluded.unit, concluded.analysis) == ("loss", "%", "transmission_decay")
    with pytest.raises(UnreadableError, match="No property is wanted"):
        conclude_transmission(Evidence(trace(0.3), {}, AsMade(values={}, deviations={})))


@given(st.floats(0.0, 0.95), st.floats(0.2, 1.5))
def test_a_trace_without_noise_gives_its_share_back(share: float, fresh: float) -> None:
    """The property is offset + span * share."""
    concluded = conclude(trace(share, fresh=fresh))
    assert concluded.value == pytest.approx(2.0 + 3.0 * share, abs=1e-5)
    assert 0 < concluded.deviation < 1e-3


@pytest.mark.parametrize("share", [0.02, 0.3, 0.85])
@pytest.mark.parametrize("noise", [3e-4, 3e-3])
def test_the_stated_deviation_covers_the_truth_as_often_as_it_says(share: float, noise: float) -> None:
    """Of 400 values 68 % lie within one deviation of the truth and 95 % within two, to three standard errors."""
    concluded = [conclude(trace(share, noise=noise, seed=seed)) for seed in range(400)]
    z = np.array([(c.value - 2.0 - 3.0 * share) / c.deviation for c in concluded])
    assert abs(float(z.mean())) < 3 / math.sqrt(400)
    assert np.mean(abs(z) < 1) == pytest.approx(0.683, abs=3 * math.sqrt(0.683 * 0.317 / 400))
    assert np.mean(abs(z) < 2) == pytest.approx(0.954, abs=3 * math.sqrt(0.954 * 0.046 / 400))


def test_a_negative_span_turns_the_scale_and_not_the_uncertainty() -> None:
    """A property may fall as more is lost."""
    concluded = conclude(trace(0.4, noise=1e-3, span=-3.0))
    assert concluded.value == pytest.approx(0.8, abs=0.05)
    assert concluded.deviation > 0


@pytest.mark.parametrize("reading", [0.0, -0.01, 1.0, 1.2])
def test_a_dark_or_saturated_reading_is_refused_with_its_number(reading: float) -> None:
    """Measuring again may help, so the error says so."""
    values = [0.5] * len(TIMES)
    values[7] = reading
    with pytest.raises(UnusableError, match=r"Reading 7 at 283\.146 s") as caught:
        conclude(trace(0.3, transmission=values))
    assert caught.value.may_help


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": [], "transmission": []}, "0 readings; at least 8"),
        ({"time": [0.0, 100.0, 200.0], "transmission": [0.2, 0.3, 0.4]}, "3 readings"),
        ({"time": [t / 20 for t in TIMES.tolist()]}, "exposure of 180 s is below 0.5 decay times of 500 s"),
        ({"time": TIMES.tolist()[:-1]}, "89 times, but 90 transmissions"),
        ({"time": TIMES.tolist()[::-1]}, "times do not increase"),
        ({"tau": 0.0}, "tau"),
        ({"span": 0.0}, "span is 0"),
        ({"tau": "500"}, "tau"),
        ({"colour": "red"}, "colour"),
        ({"transmission": [math.nan] * 90}, "transmission"),
        ({"offset": math.inf}, "offset"),
    ],
)
def test_what_is_no_trace_is_refused_with_the_reason(changes: dict[str, object], reason: str) -> None:
    """Measuring again with the same settings would not help."""
    with pytest.raises(UnreadableError, match=reason) as caught:
        conclude(trace(0.3, **changes))
    assert not caught.value.may_help


def test_a_missing_film_is_noticed() -> None:
    """Clear glass has no absorbance to lose."""
    values = (0.999 + 5e-4 * np.sin(np.arange(90.0) * 97)).clip(max=0.99999).tolist()
    with pytest.raises(UnusableError, match="Is there a film"):
        conclude(trace(0.0, transmission=values))


def test_a_trace_that_follows_another_law_is_refused() -> None:
    """A film that flakes off half way does not decay exponentially; a value would be no property of it."""
    values = np.where(TIMES < 1800, 0.2, 0.6) + 1e-3 * np.sin(np.arange(90.0) * 97)
    with pytest.raises(UnusableError, match="residuals drift"):
        conclude(trace(0.0, transmission=values.tolist()))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_end_in_anything_but_an_analysis_error(raw: bytes) -> None:
    """A foreign blob is a refusal with a reason."""
    with pytest.raises(AnalysisError):
        conclude(raw)


@given(st.lists(st.floats(0.01, 0.99), min_size=8, max_size=12))
def test_any_readings_in_range_are_concluded_or_refused(transmission: list[float]) -> None:
    """No division by zero, no NaN: a finite value with a positive deviation, or an error of this package."""
    times = [100.0 * i for i in range(len(transmission))]
    try:
        concluded = conclude(trace(0.0, time=times, transmission=transmission))
    except AnalysisError:
        return
    assert math.isfinite(concluded.value)
    assert 0 < concluded.deviation < math.inf


def test_the_record_survives_json() -> None:
    """Record → JSON → record is the identity."""
    record = TransmissionTrace.model_validate_json(trace(0.3, noise=1e-3))
    assert TransmissionTrace.model_validate_json(record.model_dump_json()) == record
