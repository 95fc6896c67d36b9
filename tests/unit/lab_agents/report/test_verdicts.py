"""The outcome in a few sentences and numbers."""

import pytest

from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from lab_agents.report.verdicts import facts, verdict
from tests.told_absorber import tell_absorber
from tests.told_campaign import example, tell_campaign


@pytest.fixture(scope="module")
def log():
    return tell_campaign(60)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return tell_absorber(tmp_path_factory.mktemp("blobs"), 12)


@pytest.fixture(scope="module")
def truth():
    campaign = example()
    return Truth(campaign.data, campaign.plan.target)


def test_the_verdict_names_what_was_found_and_how_far_it_is_from_the_best(log, truth):
    text = verdict(tell(log), truth)
    assert "59 samples of a budget of 60 were made and 59 measured" in text
    assert "1,020 recorded materials" in text


def test_a_campaign_that_runs_or_knows_nothing_says_so(log):
    assert verdict(tell(log[: len(log) // 2]), None).startswith("The campaign is still running")
    assert "could be concluded yet" in verdict(tell(log[:12]), None)


def test_facts_know_the_regret_only_with_a_table(log, truth):
    account = tell(log)
    assert "regret against the table's best" in [f.what for f in facts(account, truth)]
    assert "regret against the table's best" not in [f.what for f in facts(account, None)]


def test_the_best_hit_is_told_with_every_property_and_its_chance(films):
    account = tell(films)
    text = verdict(account, None)
    best = account.best(1)[0]
    assert f"The best of them, {best.id}, has lead {best.objective.text} at gap" in text
    assert "all of it holds with a chance of" in text
    assert ("1", "hits: every constraint met") in [(f.value, f.what) for f in facts(account, None)]


def test_without_a_hit_the_nearest_is_told(films):
    account = tell(films)
    del account.samples[account.best(1)[0].id].observations["gap"]
    text = verdict(account, None)
    assert "No sample meets every constraint with a chance of 90 %. The nearest is absorber-" in text
    assert "chance of the nearest to be one" in [f.what for f in facts(account, None)]
