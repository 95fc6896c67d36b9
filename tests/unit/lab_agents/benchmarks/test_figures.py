"""Rows of a benchmark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.benchmarks.figures import Figure, confidence, mean, not_run, spread, verdict


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_the_interval_holds_the_mean_in_its_middle(values: list[float]) -> None:
    """Symmetric, as Student's is."""
    lower, upper = confidence(values)
    assert lower <= mean(values) <= upper
    assert (lower + upper) / 2 == pytest.approx(mean(values), abs=1e-6)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Of 1,000 samples of eight 95 % of the intervals hold the truth."""
    samples = np.random.default_rng(0).normal(3.0, 2.0, size=(1000, 8))
    covered = [low <= 3.0 <= high for low, high in (confidence(list(map(float, s))) for s in samples)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_one_value_has_no_interval_worth_the_name() -> None:
    """It holds everything, and still is JSON."""
    figure = Figure(figure="x", target="y", measured=1.0, interval=confidence([1.0]), verdict=verdict(True))
    assert figure.interval is not None
    assert figure.interval[0] < -1e300
    assert Figure.model_validate_json(figure.model_dump_json()) == figure
    assert spread([1.0]) == "1.000"


def test_a_figure_not_run_says_why() -> None:
    """Neither passed nor failed."""
    row = not_run("barrel", "three times", "there is no table")
    assert (row.verdict, row.measured, row.note) == ("not run", None, "there is no table")
    assert verdict(False) == "failed"
