"""Approvals and denials: the first word of an approver counts, and a denial reaches the planner."""

from lab_agents.agents.planning import Planning
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import AwardWithdrawn, BudgetGranted, WorkAwarded
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import BidMade
from lab_agents.records.autonomy import Autonomy, Trusted
from tests.story import Story, proposal
from tests.unit.lab_agents.agents.test_contests import bid

WORK = "make-opv-0001"
MANUAL = Autonomy(level="manual", by=("ada", "grace"))


def awarded(autonomy: Autonomy = MANUAL) -> tuple[Story, WorkAwarded]:
    """A campaign whose only candidate is awarded."""
    story = Story(Planning("planning"))
    story.begin(autonomy=autonomy)
    story.tell("supervision", BudgetGranted(samples=1))
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0)), cause=story.position)
    story.tell("line_a", BidMade(bid=bid("line_a", work=WORK)))
    closed, award = story.tell("line_b", BidMade(bid=bid("line_b", work=WORK, seconds=200.0)))
    story.tell("planning", closed)
    story.tell("planning", award)
    return story, award


def deny(person: str = "ada", round_: int = 1) -> DenyApproval:
    return DenyApproval(work=WORK, round=round_, person=person, reason="too hot for this ink")


def note(said) -> str:
    (trouble,) = said
    assert isinstance(trouble, TroubleMet)
    assert trouble.trouble.severity == "note"
    return trouble.trouble.what


def test_an_award_says_who_is_asked_and_why():
    story, award = awarded()
    assert (award.needs_approval, award.asked_because, award.approvers) == (True, "every award does", ("ada", "grace"))
    assert story.state.waits()[WORK] == (
        "awarded to line_a: waiting for the approval of ada or grace (every award does)"
    )


def test_people_who_are_asked_hold_the_simulated_clock_and_a_simulated_person_does_not():
    story, _ = awarded()
    assert (story.state.owed(), story.state.asked()) == ((), (f"approval of {WORK}",))
    story.tell("once-1", GiveApproval(work=WORK, round=1, person="ada"))
    assert (story.state.owed(), story.state.asked()) == ((f"accept-1 of {WORK}",), ())
    for anybody in (Autonomy(level="manual"), Autonomy(level="manual", by=("ada", "person"))):
        assert awarded(anybody)[0].state.asked() == ()


def test_a_candidate_inside_the_trusted_region_binds_at_once():
    story, award = awarded(Autonomy(level="bounded", within={"PCE10": Trusted(upper=0.6)}))
    assert not award.needs_approval
    assert [t.purpose for t in story.state.timers()] == ["accept-1"]


def test_a_candidate_outside_it_waits_and_says_what_lies_outside():
    _, award = awarded(Autonomy(level="bounded", within={"PCE10": Trusted(upper=0.4)}))
    assert (award.needs_approval, award.asked_because) == (True, "PCE10 0.5 is above 0.4")


def test_an_approval_of_somebody_else_is_answered_with_a_note_and_binds_nothing():
    story, _ = awarded()
    said = story.tell("once-1", GiveApproval(work=WORK, round=1, person="eve"))
    assert note(said) == f"The word of eve on {WORK} does not count: this campaign asks ada or grace"
    assert story.state.timers() == ()
    assert story.tell("once-2", GiveApproval(work=WORK, round=1, person="grace")) == ()
    assert [t.purpose for t in story.state.timers()] == ["accept-1"]


def test_a_second_word_or_one_about_something_else_does_not_count():
    story, _ = awarded()
    story.tell("once-1", GiveApproval(work=WORK, round=1, person="ada"))
    assert f"no award of {WORK} waits" in note(story.tell("once-2", deny("grace")))
    nothing = GiveApproval(work="make-opv-0009", round=1, person="ada")
    assert "no award of make-opv-0009 waits" in note(story.tell("once-3", nothing))


def test_a_word_about_another_round_names_the_round_that_waits():
    story, _ = awarded()
    assert "it is about round 2, and round 1 waits" in note(story.tell("once-1", deny(round_=2)))


def test_denied_work_is_withdrawn_for_good_and_told_to_the_planner():
    story, _ = awarded()
    (withdrawn,) = story.tell("once-1", deny())
    assert withdrawn == AwardWithdrawn(
        work=WORK, round=1, bidder="line_a", reason="denied by ada: too hot for this ink", again=False
    )
    assert story.tell("once-2", GiveApproval(work=WORK, round=1, person="ada"))
    story.tell("planning", withdrawn)
    assert story.state.contests == {}
    assert story.state.fates["opv-0001"].stage == "refused"
    (refused,) = story.state.pursuit.refused
    assert (refused.refused_by, refused.reasons) == (("ada",), ("denied: too hot for this ink",))
    assert story.state.pursuit.asking is not None, "the denied candidate costs no budget: another one is asked for"


def test_a_denial_from_somebody_who_is_not_asked_changes_nothing():
    story, _ = awarded()
    assert "this campaign asks ada or grace" in note(story.tell("once-1", deny("eve")))
    assert story.state.contests[WORK].award.awaits_approval
