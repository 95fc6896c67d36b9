"""What the best could have been."""

import pytest

from lab_agents.records.target import Target
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth, regrets
from lab_agents.tables import Material, Table
from tests.told_campaign import example, tell_campaign


@pytest.fixture(scope="module")
def truth():
    campaign = example()
    return Truth(campaign.data, campaign.plan.target)


@pytest.fixture(scope="module")
def account():
    return tell(tell_campaign(24))


def test_best_and_worst_follow_the_direction():
    table = Table(("x",), "y", (Material((0.0,), (1.0, 3.0)), Material((1.0,), (5.0,))), "0" * 64)
    low, high = (Truth(table, Target(property="y", direction=d)) for d in ("minimize", "maximize"))
    assert (low.best, low.worst) == (2.0, 5.0)
    assert (high.best, high.worst) == (5.0, 2.0)


def test_the_truth_of_a_sample_is_the_recorded_material_nearest_to_what_was_made(truth, account):
    sample = account.samples["opv_blend-0001"]
    asked = tuple(sample.proposed.candidate.values[n] for n in truth.table.inputs)
    recorded = next(m for m in truth.table.materials if m.inputs == asked)
    assert truth.of(sample) == recorded.mean


def test_what_was_not_made_has_no_truth(truth, account):
    assert truth.of(account.samples["opv_blend-0018"]) is None


def test_regret_never_grows_and_is_never_negative(truth, account):
    values = regrets(account.observed_samples(), truth)
    assert len(values) == 23
    assert values == sorted(values, reverse=True)
    assert all(v >= 0 for v in values)


def test_the_share_of_the_best_counts_what_was_asked_for(truth, account):
    found, of = truth.share_of_top(account.observed_samples())
    assert of == 51
    assert 0 <= found <= 23
