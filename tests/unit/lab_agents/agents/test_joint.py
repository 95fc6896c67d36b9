"""Joint awards."""

from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import WAITING, AwardRule, award, choices, in_hand
from lab_agents.agents.contests import Contest
from tests.model_lab import START
from tests.unit.lab_agents.agents.test_awards import RULE, held, winners


def test_who_is_good_at_everything_is_kept_for_what_nobody_else_does_well():
    """Both works are best done by a; only v is done well by b, so that a gets u."""
    contests = {
        "u": held("u", a=(100.0, 0.9, 0.0), b=(1000.0, 0.9, 0.0)),
        "v": held("v", a=(100.0, 0.9, 0.0), b=(110.0, 0.9, 0.0)),
    }
    assert winners(contests) == {"u": "a", "v": "b"}


def test_a_work_waits_for_its_best_bidder_whose_hands_are_full():
    contests = {f"w{i}": held(f"w{i}", a=(100.0, 0.9, 0.0), b=(10_000.0, 0.9, 0.0)) for i in range(4)}
    awarded = award_held(contests, contests, 9, RULE.model_copy(update={"turns": {"a": 1, "b": 1}}))
    assert {w: c.phase for w, c in awarded.items()} == {"w0": "awarded", "w1": "awarded", "w2": "held", "w3": "held"}


def test_the_shortest_of_equal_works_is_begun_first():
    contests = {"u": held("u", a=(200.0, 0.9, 0.0)), "v": held("v", a=(100.0, 0.9, 0.0))}
    turns = {w: c.award.turn for w, c in award_held(contests, contests, 9, RULE).items() if c.award}
    assert turns == {"u": 1, "v": 0}


def test_an_award_says_how_much_better_it_is_than_the_next():
    rule = AwardRule(now=START, position=9)
    awarded: dict[str, Contest] = award_held(
        {"w": held("w", a=(3600.0, 0.9, 0.0), b=(7200.0, 0.9, 0.0))}, ["w"], 1, rule
    )
    award = awarded["w"].award
    assert award is not None
    assert award.reason == "best of 2 bids: chance 0.90 ± 0.00, done in 60 ± 0 min; b is worth 0.50 of it"


def choose_plainly(contests: dict[str, Contest], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The definition of a joint award without its order: after each award everything is weighed again."""
    contests = dict(contests)
    for _ in range(n):
        rows = [sorted(choices(c, contests, rule)) for c in contests.values() if not c.award]
        ready = [row for row in rows if len(in_hand(contests, row[0].bidder)) < rule.turns[row[0].bidder] + WAITING]
        if not ready:
            break
        row = min(ready, key=lambda row: (-(row[0].score - (row[1].score if row[1:] else 0.0)), row[0]))
        contests[row[0].work] = award(contests[row[0].work], row[0], 0, "", rule)
        rule = rule.after(contests[row[0].work])
    return contests


SECONDS, CHANCES, SHARES = st.integers(1, 6), st.sampled_from([0.5, 0.9]), st.sampled_from([0.0, 0.5])
BIDS = st.dictionaries(st.sampled_from("abcd"), st.tuples(SECONDS, CHANCES, SHARES), min_size=1)


@given(bids=st.lists(BIDS, min_size=1, max_size=12), turns=st.integers(1, 3), n=st.integers(0, 12))
def test_weighing_only_what_an_award_changed_awards_the_same(bids, turns, n):
    contests = {
        f"w{i}": held(f"w{i}", **{b: (100.0 * s, *rest) for b, (s, *rest) in row.items()}) for i, row in enumerate(bids)
    }
    rule = AwardRule(now=START, position=9, turns=dict.fromkeys("abcd", turns))
    assert plain_awards(award_held(contests, contests, n, rule)) == plain_awards(choose_plainly(contests, n, rule))


def plain_awards(contests: dict[str, Contest]) -> dict[str, tuple[str, float, object, object]]:
    """Who got what, worth how much, and when."""
    return {w: (a.bidder, a.score, a.free_at, a.end_at) for w, c in contests.items() if (a := c.award) is not None}
