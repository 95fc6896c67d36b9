"""Pauses of campaigns."""

from lab_agents.agents.pauses import PAUSE_KINDS, UNPAUSED, Pause, follow_pauses
from lab_agents.messages.course import CampaignFinished, CampaignPaused, CampaignResumed
from tests.story import logged
from tests.unit.lab_agents.agents.test_courses import MADE

PAUSED = logged(3, "supervision", CampaignPaused(reason="ada"))


def test_a_pause_lasts_until_its_campaign_goes_on_or_ends():
    pauses = follow_pauses(UNPAUSED, PAUSED)
    assert pauses == {"opv": Pause(since=3, at=PAUSED.entry.at)}
    assert follow_pauses(pauses, logged(4, "tester", MADE)) is pauses
    assert follow_pauses(pauses, logged(4, "supervision", CampaignResumed(), campaign="other")) is pauses
    assert follow_pauses(pauses, logged(4, "supervision", CampaignResumed())) == {}
    finished = CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0)
    assert follow_pauses(pauses, logged(4, "supervision", finished)) == {}


def test_who_pauses_again_changes_only_what_becomes_of_chains():
    again = follow_pauses(
        follow_pauses(UNPAUSED, PAUSED), logged(9, "supervision", CampaignPaused(reason="bo", at_once=True))
    )
    assert again == {"opv": Pause(since=3, at=PAUSED.entry.at, at_once=True)}


def test_a_pause_holds_chains_only_where_it_says_at_once():
    pause = Pause(since=3, at=PAUSED.entry.at)
    assert pause.holds(is_chained=False)
    assert not pause.holds(is_chained=True)
    assert pause.model_copy(update={"at_once": True}).holds(is_chained=True)


def test_whoever_follows_pauses_reads_every_entry_that_changes_them():
    assert {"CampaignPaused", "CampaignResumed", "CampaignFinished"} == PAUSE_KINDS
