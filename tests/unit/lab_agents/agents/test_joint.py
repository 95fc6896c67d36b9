"""Joint awards."""

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import AwardRule
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
