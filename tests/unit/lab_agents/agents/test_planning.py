"""Planning: windows, awards, withdrawals."""

from datetime import timedelta

from lab_agents.agents.planning import Planning
from lab_agents.messages.commands import GiveApproval
from lab_agents.messages.course import (
    AgentDeclaredOut,
    AwardWithdrawn,
    BudgetGranted,
    BudgetSpent,
    CampaignClosing,
    CampaignPaused,
    CampaignResumed,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.life import EntryRefused, TimerRang
from lab_agents.messages.work import AwardAccepted, AwardDeclined, BidMade, ConsumableUsed, ReservationReleased
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.campaign import Budget
from tests.model_lab import sha
from tests.story import Story, proposal, sample
from tests.unit.lab_agents.agents.test_contests import bid, refusal

WORK = "make-opv-0001"
BLEND = (0.5, 0.5, 0.0, 0.0)


def offered(n: int = 1, granted: int = 6, **changes) -> Story:
    """A campaign whose first proposal is out."""
    story = Story(Planning("planning"))
    story.begin(**changes)
    story.tell("supervision", BudgetGranted(samples=granted))
    story.tell("planning", proposal(*[BLEND] * n), cause=story.position)
    return story


def bids(story: Story, work: str = WORK, **changes):
    """Both lines bid, line_a better."""
    story.tell("line_a", BidMade(bid=bid("line_a", work=work, **changes)))
    return story.tell("line_b", BidMade(bid=bid("line_b", work=work, seconds=200.0, **changes)))


def rings(story: Story, what: str, work: str = WORK):
    """A timer of planning rings."""
    purposes = [t.purpose for t in story.state.timers() if t.subject == work]
    assert what in purposes, purposes
    return story.tell("planning", TimerRang(purpose=what, due=None), subject=work)


def awarded(story: Story):
    """Both bid, the window and the award come back."""
    closed, award = bids(story)
    story.tell("planning", closed)
    story.tell("planning", award)
    return award


def test_the_best_bid_is_awarded_when_everybody_has_answered():
    closed, award = bids(offered())
    assert isinstance(closed, WindowClosed)
    assert closed.bidders == ("line_a", "line_b")
    assert isinstance(award, WorkAwarded)
    assert (award.bidder, award.bid) == ("line_a", 5)


def test_an_open_window_holds_the_clock_and_a_closed_one_does_not():
    story = offered()
    assert story.state.owed() == (f"window-1 of {WORK}",)
    (timer,) = story.state.timers()
    assert (timer.wall, timer.since) == (10.0, 4)
    award = awarded(story)
    assert story.state.owed() == (f"accept-1 of {WORK}",)
    story.tell("line_a", AwardAccepted(work=WORK, round=1, bidder=award.bidder))
    assert story.state.owed() == ()


def test_the_silent_are_passed_over_when_the_timer_rings():
    story = offered()
    story.tell("line_b", BidMade(bid=bid("line_b", work=WORK)))
    closed, award = rings(story, "window-1")
    assert closed.silent == ("line_a",)
    assert award.bidder == "line_b"


def test_work_that_only_silent_bidders_could_do_waits_for_a_late_bid():
    story = offered()
    (closed,) = rings(story, "window-1")
    story.tell("planning", closed)
    assert "no able bidder alive" in story.state.waits()[WORK]
    assert story.state.owed() == ()
    _, award = story.tell("line_b", BidMade(bid=bid("line_b", work=WORK)))
    assert award.bidder == "line_b"


def test_an_agent_that_is_declared_out_is_not_waited_for():
    story = offered()
    story.tell("line_b", BidMade(bid=bid("line_b", work=WORK)))
    said = story.tell("supervision", AgentDeclaredOut(agent="line_a", reason="r"))
    assert [type(b) for b in said] == [WindowClosed, WorkAwarded]


def test_awards_of_one_batch_count_those_just_made():
    story = offered(2)
    story.tell("supervision", CampaignPaused(reason="r"))
    for work in (WORK, "make-opv-0002"):
        story.tell("line_a", BidMade(bid=bid("line_a", work=work)))
        story.tell("line_b", BidMade(bid=bid("line_b", work=work, seconds=110.0)))
    awards = [b for b in story.tell("supervision", CampaignResumed()) if isinstance(b, WorkAwarded)]
    assert [a.bidder for a in awards] == ["line_a", "line_b"]


def test_an_unanswered_award_is_withdrawn_and_the_next_round_is_asked():
    story = offered()
    awarded(story)
    (withdrawn,) = rings(story, "accept-1")
    assert isinstance(withdrawn, AwardWithdrawn)
    story.tell("planning", withdrawn)
    assert [t.purpose for t in story.state.timers()] == ["window-2"]
    _, award = bids(story, round_=2)
    assert award.round == 2


def test_an_acceptance_before_the_withdrawal_counts():
    story = offered()
    awarded(story)
    (withdrawn,) = rings(story, "accept-1")
    story.tell("line_a", AwardAccepted(work=WORK, round=1, bidder="line_a"))
    story.tell("planning", withdrawn)
    assert story.state.contests[WORK].phase == "accepted"
    story.tell("line_a", ReservationReleased(work=WORK, places=()))
    assert story.state.contests == {}


def test_a_declined_award_is_offered_again():
    story = offered()
    awarded(story)
    story.tell("line_a", AwardDeclined(work=WORK, round=1, bidder="line_a", reason="r"))
    assert story.state.contests[WORK].offer.round == 2


def test_an_award_that_needs_an_approval_is_not_timed_before_it():
    story = offered(autonomy=Autonomy(level="manual"))
    award = awarded(story)
    assert award.needs_approval
    assert story.state.timers() == ()
    assert "an approval" in story.state.waits()[WORK]
    story.tell("once-1", GiveApproval(work=WORK, round=1, person="ada"))
    assert [t.purpose for t in story.state.timers()] == ["accept-1"]


def test_bids_that_went_out_of_date_in_a_pause_are_offered_again():
    story = offered()
    story.tell("supervision", CampaignPaused(reason="r"))
    old = bid("line_a", work=WORK).model_copy(update={"valid_until": bid().start_at + timedelta(seconds=1)})
    story.tell("line_a", BidMade(bid=old))
    rings(story, "window-1")
    (withdrawn,) = story.tell("supervision", CampaignResumed())
    assert isinstance(withdrawn, AwardWithdrawn)
    story.tell("planning", withdrawn)
    assert story.state.contests[WORK].offer.round == 2


def test_nothing_is_awarded_beyond_the_budget():
    story = offered(2, granted=1)
    assert [type(b) for b in bids(story)] == [WindowClosed, WorkAwarded]
    assert [type(b) for b in bids(story, "make-opv-0002")] == [WindowClosed]
    assert story.state.waits()["make-opv-0002"] == "waiting for budget"


def test_a_closing_campaign_s_unaccepted_work_lapses():
    story = offered()
    awarded(story)
    story.tell("supervision", CampaignClosing(reason="r"))
    assert story.state.contests == {}


def test_an_award_that_the_recorder_refused_is_offered_again():
    story = offered()
    bids(story)
    refused = EntryRefused(
        source="planning", sequence=1, reason="r", raw=sha("x"), refused_id=f"planning/{story.position}/1"
    )
    other = refused.model_copy(update={"source": "line_a", "refused_id": f"line_a/{story.position}/1"})
    assert story.tell("recorder", other) == (), "another source's entry had the same cause"
    assert [type(b) for b in story.tell("recorder", refused)] == [AwardWithdrawn]


def test_work_that_everybody_refuses_is_feasibility_data():
    story = offered()
    for line in ("line_a", "line_b"):
        said = story.tell(line, refusal(line).model_copy(update={"work": WORK}))
    (closed,) = said
    assert closed.refused == ("line_a", "line_b")
    (refused,) = story.state.pursuit.refused
    assert refused.refused_by == ("line_a", "line_b")
    story.tell("planning", closed)
    assert story.state.pursuit.asking is not None, "the batch has ended and no budget is used"


def test_a_sample_is_offered_to_the_station():
    story = offered()
    story.tell("line_a", sample())
    assert story.state.contests["measure-opv-0001-1"].asked == ("tester",)


def limited(story: Story, ink: float, seconds: float = 100.0):
    """Both lines bid with so much ink."""
    for line in ("line_a", "line_b"):
        wanted = bid(line, work=WORK, seconds=seconds).model_copy(update={"consumables": {"pce10": ink}})
        said = story.tell(line, BidMade(bid=wanted))
    return said


def test_what_the_rest_of_a_budget_cannot_pay_for_is_not_awarded():
    """Nothing is on its way: the budget is spent, and that is said once."""
    story = offered(budget=Budget(samples=6, consumables={"pce10": 50.0}))
    window, spent = limited(story, 60.0)
    assert isinstance(window, WindowClosed)
    assert spent == BudgetSpent(
        reason="the budget pays for no further sample: pce10: 50 of the budget are left, 60 are needed"
    )
    assert story.tell("planning", spent) == ()
    assert story.state.contests[WORK].award is None


def test_a_budget_pays_for_what_it_can():
    story = offered(budget=Budget(samples=6, consumables={"pce10": 50.0}))
    awarded_ = [b for b in limited(story, 40.0) if isinstance(b, WorkAwarded)]
    assert len(awarded_) == 1
    story.tell("line_a", ConsumableUsed(consumable="pce10", amount=40.0, work=WORK))
    assert story.state.pursuit.spending.drawn == {"pce10": 40.0}
