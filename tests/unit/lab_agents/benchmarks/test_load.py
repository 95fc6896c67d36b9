"""How the planning of many works is measured."""

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import WAITING, AwardRule
from lab_agents.benchmarks.load import BIDDERS, NOW, bidders, load_figures, open_works


def test_every_bidder_is_given_as_many_works_as_it_has_room_for():
    works = open_works(20, 3, seed=1)
    planned = award_held(works, works, 20, AwardRule(now=NOW, position=1, turns=dict.fromkeys(bidders(3), 1)))
    given = [contest.award.bidder for contest in planned.values() if contest.award is not None]
    assert sorted(given) == sorted(bidders(3) * (1 + WAITING))


def test_equal_seeds_give_equal_works():
    assert open_works(3, 2, seed=4) == open_works(3, 2, seed=4) != open_works(3, 2, seed=5)


def test_a_slow_planning_and_one_that_leaves_bidders_idle_fail():
    full = BIDDERS * (1 + WAITING)
    assert load_figures([0.5, 0.9], [full, full])[0].verdict == "passed"
    assert load_figures([0.5, 1.1], [full, full])[0].verdict == "failed"
    assert load_figures([0.5, 0.9], [full, 0])[0].verdict == "failed"
    assert {row.verdict for row in load_figures([0.5], [full])[1:]} == {"not run"}
