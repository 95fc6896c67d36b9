"""How samples stand, told one by one, against the whole account."""

import pytest

from lab_agents.display.scene import Scene
from lab_agents.display.standings import Standings
from lab_agents.messages.topics import Topics
from lab_agents.report.telling import Teller
from lab_agents.report.truth import Truth, regrets
from tests.told_absorber import tell_absorber
from tests.told_campaign import example, tell_campaign


def check_every_entry(log, truth=None):
    """At each entry the scene says what a whole account of all entries up to there says."""
    scene, teller = Scene(Topics("x"), truth), Teller()
    for logged in log:
        scene.take_entry(logged)
        teller.take(logged)
        account = teller.account
        observed = account.observed_samples()
        assert scene.counts == {
            "proposed": len(account.samples),
            "made": sum(s.sample is not None for s in account.samples.values()),
            "measured": len(observed),
            "observed": len(account.concluded_samples()),
            "failed": sum(bool(s.failure) for s in account.samples.values()),
            "hits": len(account.hits()),
        }
        assert [s.id for s in account.leading(1)] == ([] if scene.nearest is None else [scene.nearest.id])
        assert [s.id for s in account.best(1)] == ([] if scene.best is None else [scene.best.id])
        if truth is not None:
            assert scene.regret == (regrets(observed, truth)[-1] if observed else None)


def test_standings_agree_with_the_account_at_every_entry():
    campaign = example()
    check_every_entry(tell_campaign(24, failing=5), Truth(campaign.data, campaign.plan.target))


def test_standings_of_several_measurements_and_retractions_agree_at_every_entry(tmp_path):
    check_every_entry(tell_absorber(tmp_path, 12))


def test_the_next_best_leads_when_the_leader_is_retracted():
    campaign = example()
    scene = Scene(Topics("x"), Truth(campaign.data, campaign.plan.target))
    for logged in tell_campaign(12):
        scene.take_entry(logged)
    standings, account = Standings(scene.truth), scene.account
    for sample in account.samples.values():
        standings.note(sample)
    first, second = (s.id for s in account.leading(2))
    assert standings.leader == first
    before = standings.regret
    gone = account.samples[first]
    gone.observations.clear()
    standings.note(gone)
    assert standings.leader == second
    assert standings.regret >= before
    assert standings.counts["observed"] == 11


def test_nothing_leads_before_anything_is_known():
    standings = Standings()
    assert (standings.leader, standings.regret, standings.has_hit) == (None, None, False)
    assert set(standings.counts.values()) == {0}


@pytest.mark.parametrize("n", [40])
def test_what_is_at_hand_does_not_grow_with_the_campaign(n):
    scene = Scene(Topics("x"))
    for logged in tell_campaign(n):
        scene.take_entry(logged)
        assert len(scene._teller.touched) <= 16  # noqa: SLF001 - one proposal at most
