"""Who gets which work."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import AwardRule
from lab_agents.agents.contests import Contest, Standing
from lab_agents.agents.offers import Offer
from lab_agents.records.autonomy import Autonomy, Trusted
from lab_agents.records.space import Candidate
from tests.model_lab import START

RULE = AwardRule(now=START, position=9)


def held(work: str, value: float = 1.0, **bids: tuple[float, float, float]) -> Contest:
    """Work with bids: seconds, chance, cost by bidder."""
    offer = Offer(
        work=work, kind="make", campaign="c", sample=work, asked=Candidate(values={"x": 1.0}), value=value, since=2
    )
    standing = {
        bidder: Standing(
            position=i,
            start_at=START,
            end_at=START + timedelta(seconds=seconds),
            chance=chance,
            cost=cost,
            valid_until=START + timedelta(hours=1),
        )
        for i, (bidder, (seconds, chance, cost)) in enumerate(bids.items(), start=3)
    }
    return Contest(offer=offer, asked=tuple(bids), phase="held", bids=standing)


def winners(contests: dict[str, Contest], n: int = 99, rule: AwardRule = RULE) -> dict[str, str]:
    """Who got what."""
    awarded = award_held(contests, contests, n, rule)
    return {work: c.award.bidder for work, c in awarded.items() if c.award is not None}


def test_the_fastest_the_surest_and_the_thriftiest_win():
    assert winners({"w": held("w", a=(200.0, 0.9, 0.0), b=(100.0, 0.9, 0.0))}) == {"w": "b"}
    assert winners({"w": held("w", a=(100.0, 0.5, 0.0), b=(100.0, 0.9, 0.0))}) == {"w": "b"}
    assert winners({"w": held("w", a=(100.0, 0.9, 0.5), b=(100.0, 0.9, 0.0))}) == {"w": "b"}


def test_ties_go_by_name():
    assert winners({"w": held("w", b=(100.0, 0.9, 0.0), a=(100.0, 0.9, 0.0))}) == {"w": "a"}


def test_the_most_valuable_work_is_awarded_first():
    contests = {"w": held("w", 1.0, a=(100.0, 0.9, 0.0)), "x": held("x", 2.0, a=(100.0, 0.9, 0.0))}
    assert winners(contests, n=1) == {"x": "a"}


@given(n=st.integers(2, 12))
def test_a_batch_is_spread_over_equal_lines(n):
    contests = {f"w{i:02d}": held(f"w{i:02d}", a=(100.0, 0.9, 0.0), b=(100.0, 0.9, 0.0)) for i in range(n)}
    counts = Counter(winners(contests).values())
    assert abs(counts["a"] - counts["b"]) <= 1


def test_a_slow_line_gets_less_of_a_batch():
    contests = {f"w{i}": held(f"w{i}", a=(100.0, 0.9, 0.0), b=(300.0, 0.9, 0.0)) for i in range(4)}
    assert Counter(winners(contests).values()) == {"a": 3, "b": 1}


def test_a_bid_that_is_out_of_date_wins_nothing():
    late = AwardRule(now=START + timedelta(hours=2), position=9)
    assert winners({"w": held("w", a=(100.0, 0.9, 0.0))}, rule=late) == {}


def test_an_award_says_why_and_whether_a_person_must_approve():
    rule = AwardRule(now=START, position=9, autonomy=Autonomy(level="manual"))
    award = award_held({"w": held("w", a=(3600.0, 0.9, 0.0))}, ["w"], 1, rule)["w"].award
    assert (award.reason, award.needs_approval, award.since, award.bid) == (
        "the only bid: chance 0.90 ± 0.00, done in 60 ± 0 min",
        True,
        9,
        3,
    )
    assert award.score == 0.9


def test_nothing_is_awarded_beyond_the_budget():
    assert winners({"w": held("w", a=(100.0, 0.9, 0.0))}, n=0) == {}


def test_the_first_samples_of_a_bounded_campaign_are_asked_for_in_the_order_of_their_awards():
    rule = AwardRule(now=START, position=9, autonomy=Autonomy(level="bounded", first=3, by=("ada",)), n_begun=2)
    held_ = {w: held(w, value, line_a=(100.0, 0.9, 0.0)) for w, value in (("make-1", 1.0), ("make-2", 2.0))}
    awarded = award_held(held_, held_, 2, rule)
    asked = {work: contest.award.asked_because for work, contest in awarded.items()}
    assert asked == {"make-1": "", "make-2": "it is one of the first 3 samples"}
    assert [awarded[w].award.approvers for w in held_] == [(), ("ada",)]


def test_a_candidate_outside_the_trusted_region_is_asked_for_and_its_measurement_is_not():
    bounds = Autonomy(level="bounded", within={"x": Trusted(upper=1.5)})
    rule = AwardRule(now=START, position=9, autonomy=bounds)
    contest = held("make-1", line_a=(100.0, 0.9, 0.0))
    offer = contest.offer.model_copy(update={"asked": Candidate(values={"x": 1.75})})
    outside = contest.model_copy(update={"offer": offer})
    assert rule.why_ask(contest) == ""
    assert rule.why_ask(outside) == "x 1.75 is above 1.5"
    measuring = offer.model_copy(update={"kind": "measure", "measurement": "spectrum"})
    assert rule.why_ask(contest.model_copy(update={"offer": measuring})) == ""
