"""Predicted against measured, property by property."""

import pytest

from lab_agents.report.account import Account
from lab_agents.report.predictions import Pair, covered, pairs_of, predictions
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return tell(tell_absorber(tmp_path_factory.mktemp("blobs"), 16, drops=None))


def test_every_property_that_was_predicted_and_measured_is_compared(account):
    pairs = pairs_of(account)
    assert list(pairs) == ["gap", "perovskite_fraction", "gap_shift", "kept"]
    assert len(pairs["gap"]) == 8


def test_the_caption_gives_the_coverage_of_each_property(account):
    caption = predictions(account).caption
    gap = pairs_of(account)["gap"]
    assert f"gap {100 * covered(gap, 1):.0f} % and {100 * covered(gap, 2):.0f} % of 8" in caption


def test_a_score_takes_both_deviations():
    assert Pair(mean=1.0, deviation=3.0, value=11.0, noise=4.0).score == pytest.approx(2.0)


def test_a_planner_that_predicts_no_property_has_no_such_figure():
    assert predictions(tell(tell_campaign(8, failing=None))) is None
    assert predictions(Account()) is None
