"""What an award would be worth."""

from datetime import timedelta

from lab_agents.agents.choices import AwardRule, award, choices, in_hand
from tests.model_lab import START
from tests.unit.lab_agents.agents.test_awards import RULE, held


def test_a_chance_that_is_little_known_counts_less():
    contest = held("w", a=(3600.0, 0.9, 0.0))
    unsure = contest.bids["a"].model_copy(update={"chance_deviation": 0.4})
    (choice,) = choices(contest.model_copy(update={"bids": {"a": unsure}}), {}, RULE)
    assert choice.score == 0.5


def test_the_next_work_begins_when_the_last_one_leaves_room():
    """With two turns the second work waits for what the first keeps busy, the third for a turn."""
    contests = {name: held(name, a=(3600.0, 0.9, 0.0)) for name in "uvw"}
    contests = {
        name: c.model_copy(update={"bids": {"a": c.bids["a"].model_copy(update={"occupies": 600.0})}})
        for name, c in contests.items()
    }
    rule = AwardRule(now=START, position=9, turns={"a": 2})
    begins = []
    for name in "uvw":
        (choice,) = choices(contests[name], contests, rule)
        begins.append((choice.begin_at - START) / timedelta(minutes=1))
        contests[name] = award(contests[name], choice, 0, "r", rule)
    assert begins == [0.0, 10.0, 60.0]
    assert len(in_hand(contests, "a")) == 3


def test_nothing_is_awarded_to_the_dead():
    contest = held("w", a=(100.0, 0.9, 0.0), b=(9000.0, 0.9, 0.0))
    alive = choices(contest, {}, RULE.model_copy(update={"out": frozenset({"a"})}))
    assert [choice.bidder for choice in alive] == ["b"]
