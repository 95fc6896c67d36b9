"""Plots of how a campaign went."""

import pytest

from lab_agents.report.account import Account
from lab_agents.report.figures import coverage, held_out, label, parity, progress, regret
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_campaign import example, tell_campaign


@pytest.fixture(scope="module")
def account():
    return tell(tell_campaign(24))


@pytest.fixture(scope="module")
def truth():
    campaign = example()
    return Truth(campaign.data, campaign.plan.target)


def test_progress_marks_start_model_and_table(account, truth):
    figure = progress(account, truth)
    for word in ("space-filling start", "chosen by the model", "best so far", "best in the table"):
        assert word in figure.svg


def test_without_a_table_there_is_no_regret(account, truth):
    assert regret(account, None) is None
    assert "samples concluded" in regret(account, truth).svg


def test_coverage_counts_predictions_within_one_and_two_deviations(account):
    one, two, n = coverage(account)
    assert 0 < one <= two <= n == 15
    assert f"{one} of {n} lie within one standard deviation" in parity(account).caption


def test_the_models_score_is_drawn_over_what_they_learned_from(account):
    assert "observations learned from" in held_out(account).svg


def test_an_empty_campaign_has_no_plots():
    empty = Account()
    assert [progress(empty, None), regret(empty, None), parity(empty), held_out(empty)] == [None] * 4


def test_an_axis_names_the_unit_unless_it_is_one(account):
    assert label(account) == "degradation"
    target = account.plan.target.model_copy(update={"unit": "J"})
    assert label(Account(plan=account.plan.model_copy(update={"target": target}))) == "degradation (J)"
