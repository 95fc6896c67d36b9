"""What others have promised to draw."""

from lab_agents.agents.pledges import Pledges, follow_pledges, pledged
from lab_agents.messages.course import AwardWithdrawn, CampaignClosing, CampaignFinished, WorkAwarded
from lab_agents.messages.entry import Body
from lab_agents.messages.work import AwardAccepted, BidMade, ConsumableUsed, ReservationReleased
from tests.story import logged
from tests.unit.lab_agents.agents.test_contests import bid

AWARD = WorkAwarded(work="w", round=1, bidder="line_b", bid=1, score=1.0, reason="r")
ACCEPTANCE = AwardAccepted(work="w", round=1, bidder="line_b")
RELEASE = ReservationReleased(work="w", places=())


def offer(bidder: str = "line_b", **amounts: float) -> BidMade:
    """A bid that draws these amounts."""
    return BidMade(bid=bid(bidder).model_copy(update={"consumables": amounts}))


def told(*bodies: Body) -> Pledges:
    """What line_a, which draws on sni2 too, knows after these entries of line_b's campaign."""
    pledges: Pledges = {}
    for position, body in enumerate(bodies, start=1):
        pledges = follow_pledges(pledges, logged(position, "line_b", body), "line_a", ("sni2",))
    return pledges


def test_a_bid_promises_nothing_until_it_is_awarded():
    assert pledged(told(offer(sni2=200.0)), "sni2") == 0.0
    assert pledged(told(offer(sni2=200.0), AWARD), "sni2") == 200.0


def test_only_what_is_shared_counts():
    assert told(offer(antisolvent_b=250.0), AWARD) == {}
    assert told(offer("line_a", sni2=200.0), AWARD) == {}


def test_what_was_drawn_or_given_up_is_promised_no_more():
    drawn = ConsumableUsed(consumable="sni2", amount=190.0, work="w")
    assert pledged(told(offer(sni2=200.0), AWARD, ACCEPTANCE, drawn), "sni2") == 0.0
    assert told(offer(sni2=200.0), AWARD, ACCEPTANCE, RELEASE) == {}
    withdrawn = AwardWithdrawn(work="w", round=1, bidder="line_b", reason="r")
    assert told(offer(sni2=200.0), AWARD, withdrawn) == {}


def test_a_campaign_that_closes_draws_only_for_what_was_accepted():
    closing = CampaignClosing(reason="r")
    assert told(offer(sni2=200.0), AWARD, closing) == {}
    kept = told(offer(sni2=200.0), AWARD, ACCEPTANCE, closing)
    assert pledged(kept, "sni2") == 200.0
    finished = CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=1)
    assert told(offer(sni2=200.0), AWARD, ACCEPTANCE, finished) == {}
