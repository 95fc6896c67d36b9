"""How the planning of many works is measured."""

from datetime import timedelta

from lab_agents.agents.awards import award_held
from lab_agents.agents.choices import WAITING, AwardRule
from lab_agents.benchmarks.dispatch import Dispatch
from lab_agents.benchmarks.load import BIDDERS, NOW, bidders, dispatch_figures, open_works, planning_figure


def test_every_bidder_is_given_as_many_works_as_it_has_room_for():
    works = open_works(20, 3, seed=1)
    planned = award_held(works, works, 20, AwardRule(now=NOW, position=1, turns=dict.fromkeys(bidders(3), 1)))
    given = [contest.award.bidder for contest in planned.values() if contest.award is not None]
    assert sorted(given) == sorted(bidders(3) * (1 + WAITING))


def test_equal_seeds_give_equal_works():
    assert open_works(3, 2, seed=4) == open_works(3, 2, seed=4) != open_works(3, 2, seed=5)


def test_a_slow_planning_and_one_that_leaves_bidders_idle_fail():
    full = BIDDERS * (1 + WAITING)
    assert planning_figure([0.5, 0.9], [full, full]).verdict == "passed"
    assert planning_figure([0.5, 1.1], [full, full]).verdict == "failed"
    assert planning_figure([0.5, 0.9], [full, 0]).verdict == "failed"


def trial(n_busy: int, rate: float, delay: float, n_failed: int = 0) -> Dispatch:
    """Starts at a steady rate after equal delays."""
    starts = [NOW + timedelta(seconds=i / rate) for i in range(101)]
    return Dispatch(n_busy, starts, [delay] * 101, n_failed, {"recorder": 0.5, "line": 1.0})


def test_few_starts_late_starts_and_failed_steps_fail():
    assert [row.verdict for row in dispatch_figures([trial(50, 60.0, 0.2), trial(5, 6.0, 0.05)])] == [
        "passed",
        "failed",
        "passed",
    ]
    assert dispatch_figures([trial(50, 40.0, 0.05)])[0].verdict == "failed"
    assert dispatch_figures([trial(50, 60.0, 0.05, n_failed=1)])[0].verdict == "failed"
    assert [row.verdict for row in dispatch_figures([Dispatch(50, [], [], 0, {})])] == ["failed", "failed"]


def test_the_cost_of_a_start_names_the_processes_that_use_most():
    note = dispatch_figures([trial(50, 60.0, 0.05)])[0].note
    assert "15 ms of processor time for each start (line 10, recorder 5, ...)" in note
