"""How a laboratory stands."""

import pytest

from lab_agents.standing import WaitStanding, standing_of
from lab_agents.state_folder import StateFolder
from tests.told_absorber import write_absorber
from tests.told_campaign import example, tell_campaign, tell_paused, write_state


@pytest.fixture(scope="module")
def log():
    return tell_campaign(12, failing=5)


def test_a_finished_campaign_is_told_with_its_best(log, tmp_path):
    standing = standing_of(write_state(tmp_path / "state", log).path)
    campaign = standing.campaign
    assert (campaign.state, campaign.reason, campaign.observed, campaign.failed) == ("finished", "budget spent", 11, 1)
    assert campaign.best_sample.startswith("opv_blend-")
    assert campaign.regret >= 0
    assert standing.head == len(log)


def test_a_laboratory_without_a_guard_says_how_to_go_on(log, tmp_path):
    standing = standing_of(write_state(tmp_path / "state", log[:-2]).path)
    assert standing.unattended == ("main",)
    assert standing.campaign.state == "running"
    assert f"main: guard unattended: lab-agents resume --state {standing.state} (it does not run)" in standing.to_text()


def test_an_open_ticket_says_how_to_answer_it(log, tmp_path):
    answered = next(i for i, logged in enumerate(log) if logged.entry.kind == "TicketClosed")
    standing = standing_of(write_state(tmp_path / "state", log[:answered]).path)
    assert standing.tickets[0].answers == ("done", "not done", "discard")
    assert (standing.tickets[0].deadline, standing.tickets[0].default) == (None, "hold")
    assert "lab-agents answer ticket-1 done | not done | discard" in standing.to_text()


def test_what_waits_says_why(log, tmp_path):
    standing = standing_of(write_state(tmp_path / "state", log).path)
    wait = WaitStanding(subject="make-a", agent="planning", reason="waiting for an approval")
    text = standing.model_copy(update={"waits": (wait,), "refusing": "disk full"}).to_text()
    assert "make-a (planning): waiting for an approval" in text
    assert "the recorder appends nothing: disk full" in text


def test_an_award_that_waits_for_an_approval_says_what_to_type(log, tmp_path):
    """The candidate that would be made is told too: nobody can approve what they do not see."""
    at = next(i for i, logged in enumerate(log) if logged.entry.kind == "WorkAwarded")
    entry = log[at].entry
    asked = {"needs_approval": True, "asked_because": "every award does", "approvers": ("ada",)}
    record = entry.record.model_copy(update=asked)
    waiting = log[at].model_copy(update={"entry": entry.model_copy(update={"record": record})})
    standing = standing_of(write_state(tmp_path / "state", [*log[:at], waiting]).path)
    text = standing.to_text()
    assert "make-opv_blend-0001 waits for the approval of ada: line_a would make PCE10" in text
    assert "  lab-agents approve make-opv_blend-0001    or: lab-agents approve make-opv_blend-0001 --deny" in text
    wait = WaitStanding(subject="make-opv_blend-0001", agent="planning", reason="waiting for the approval of ada")
    assert "(planning)" not in standing.model_copy(update={"waits": (wait,)}).to_text(), "it is said once"


def test_a_fresh_folder_has_no_campaign(tmp_path):
    folder = StateFolder.create(tmp_path / "state", "opv_replay", example().lab_path.read_bytes())
    standing = standing_of(folder.path)
    assert standing.campaign is None
    assert "no campaign was started yet" in standing.to_text()


def test_a_store_that_nobody_has_filled_yet_holds_no_campaign(tmp_path):
    """The recorder was ended before it had made the tables."""
    folder = StateFolder.create(tmp_path / "state", "opv_replay", example().lab_path.read_bytes())
    folder.store.touch()
    standing = standing_of(folder.path)
    assert (standing.head, standing.campaign, standing.unreadable) == (0, None, None)


def test_a_damaged_store_is_said_beside_what_can_be_told(tmp_path):
    folder = StateFolder.create(tmp_path / "state", "opv_replay", example().lab_path.read_bytes())
    folder.store.write_bytes(b"precious" * 1000)
    text = standing_of(folder.path).to_text()
    assert "cannot be read" in text
    assert "main: guard unattended" in text
    assert "no campaign was started yet" not in text


def test_hits_and_the_best_of_them_are_told(tmp_path):
    standing = standing_of(write_absorber(tmp_path / "state", 12).path)
    campaign = standing.campaign
    assert (campaign.hits, campaign.best_sample) == (1, "absorber-0010")
    assert campaign.chance > 0.9
    assert "1 hit: samples that meet every constraint" in standing.to_text()
    assert "best lead 0.28" in standing.to_text()


def test_a_pause_says_who_paused_when_all_is_still_and_how_to_go_on(tmp_path):
    standing = standing_of(write_state(tmp_path / "state", tell_paused()).path)
    assert standing.pause.reason == "ada: visitors"
    text = standing.to_text()
    assert "PAUSED by ada: visitors: still at about 20" in text
    assert f"  lab-agents continue --state {standing.state}" in text


def test_a_laboratory_that_asks_for_drills_says_how_it_stands_with_them(tmp_path):
    lab = example().lab_path.read_bytes() + b"drills: {every: 7 d, person: ada}\n"
    standing = standing_of(StateFolder.create(tmp_path / "state", "opv_replay", lab).path)
    assert standing.drill.is_due
    assert "drill OVERDUE: none has passed here yet" in standing.to_text()
    assert f"lab-agents drill --state {standing.state}" in standing.to_text()
