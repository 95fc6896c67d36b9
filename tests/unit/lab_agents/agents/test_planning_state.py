"""What planning says of itself."""

from lab_agents.agents.planning_state import PlanningState
from tests.unit.lab_agents.agents.test_planning import WORK, awarded, offered


def test_planning_without_a_campaign_wants_nothing():
    state = PlanningState()
    assert (state.jobs(), state.timers(), state.owed(), state.waits(), state.n_spent) == ((), (), (), {}, 0)


def test_an_open_window_says_whom_it_waits_for():
    assert offered().state.waits()[WORK] == "offered: waiting for bids of line_a, line_b"


def test_awarded_work_counts_against_the_budget_before_it_is_accepted():
    story = offered()
    assert story.state.n_spent == 0
    awarded(story)
    assert story.state.n_spent == 1
    assert story.state.waits()[WORK] == "awarded to line_a: waiting for its answer"


def test_only_able_agents_are_asked():
    story = offered(lines=("line_b",))
    assert story.state.contests[WORK].asked == ("line_b",)
    assert PlanningState().able(story.state.offers.open[WORK]) == ()
