"""Windows: when they close, and how."""

from datetime import timedelta

from lab_agents.agents.contests import Contest, close_window, take_bid, take_refusal
from lab_agents.agents.offers import Offer
from lab_agents.messages.work import BidRefused
from lab_agents.records.bid import Bid
from lab_agents.records.recipe import Act, Recipe, Step
from lab_agents.records.space import Candidate
from tests.model_lab import START

RECIPE = Recipe(steps=(Step(name="coat", owner="line_a", acts=(Act(instrument="coater_a", plan="coat"),)),))


def contest(work: str = "w", value: float = 1.0, asked=("line_a", "line_b")) -> Contest:
    """A contest that nobody has answered."""
    offer = Offer(
        work=work,
        kind="make",
        campaign="opv",
        sample=work,
        asked=Candidate(values={"x": 1.0}),
        value=value,
        since=2,
    )
    return Contest(offer=offer, asked=asked)


def bid(bidder: str = "line_a", round_: int = 1, work: str = "w", start: float = 0.0, seconds: float = 100.0) -> Bid:
    """A bid of so many seconds."""
    start_at = START + timedelta(seconds=start)
    end_at = start_at + timedelta(seconds=seconds)
    return Bid(
        work=work,
        round=round_,
        bidder=bidder,
        recipe=RECIPE,
        start_at=start_at,
        end_at=end_at,
        chance=0.9,
        valid_until=end_at + timedelta(hours=1),
    )


def refusal(bidder: str = "line_b", round_: int = 1) -> BidRefused:
    """A refusal for ever."""
    return BidRefused(work="w", round=round_, bidder=bidder, code="infeasible", reason="too small")


def closed(one: Contest, out=(), *, rang: bool = False) -> str:
    """How the window stands after a look."""
    return close_window(one, out, 9, rang=rang).phase


def test_a_window_is_open_until_everybody_has_answered():
    one = take_bid(contest(), bid(), 3, 0.0)
    assert closed(one) == "bidding"
    both = take_refusal(one, refusal())
    assert closed(both) == "held"
    assert close_window(both, (), 9, rang=False).closed == 9


def test_the_timer_closes_the_window_over_the_silent():
    assert closed(take_bid(contest(), bid(), 3, 0.0), rang=True) == "held"
    assert closed(take_refusal(contest(), refusal()), rang=True) == "waiting"


def test_nobody_waits_for_an_agent_that_is_declared_out():
    assert closed(take_bid(contest(), bid(), 3, 0.0), out=("line_b",)) == "held"
    assert closed(contest(), out=("line_a", "line_b")) == "waiting"


def test_work_that_everybody_refused_is_refused():
    one = take_refusal(take_refusal(contest(), refusal("line_a")), refusal("line_b"))
    assert closed(one) == "refused"
    assert one.refusals["line_a"].reason == "too small"


def test_a_late_bid_counts_while_the_work_waits():
    waiting = close_window(contest(), (), 9, rang=True)
    assert waiting.phase == "waiting"
    assert closed(take_bid(waiting, bid(), 10, 0.0)) == "held"


def test_a_late_refusal_of_the_last_silent_bidder_ends_the_wait():
    waiting = close_window(take_refusal(contest(), refusal("line_a")), (), 9, rang=True)
    assert closed(take_refusal(waiting, refusal("line_b"))) == "refused"


def test_answers_of_other_rounds_and_strangers_do_not_count():
    assert take_bid(contest(), bid(round_=2), 3, 0.0) == contest()
    assert take_bid(contest(), bid("line_x"), 3, 0.0) == contest()
    assert take_refusal(contest(), refusal(round_=2)) == contest()
    awarded = contest().model_copy(update={"phase": "awarded"})
    assert take_bid(awarded, bid(), 3, 0.0) == awarded
    assert closed(awarded) == "awarded"


def test_who_has_not_answered_is_silent():
    assert take_bid(contest(), bid(), 3, 0.0).silent == ("line_b",)
