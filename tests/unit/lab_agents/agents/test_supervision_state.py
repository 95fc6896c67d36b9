"""What supervision says of itself."""

from datetime import timedelta

from lab_agents.agents.supervision_state import Oversight, SupervisionState
from lab_agents.records.campaign import Budget
from tests.model_lab import START, plan

RUNNING = Oversight(plan=plan(budget=Budget(samples=6, hours=2.0)), phase="running", changed=3, started_at=START)


def test_hours_are_a_timer_of_laboratory_time_while_the_campaign_runs():
    (timer,) = SupervisionState(campaign=RUNNING).timers()
    assert (timer.due, timer.purpose, timer.wall) == (START + timedelta(hours=2), "hours", None)
    closing = RUNNING.model_copy(update={"phase": "closing"})
    assert SupervisionState(campaign=closing).timers() == ()
    assert SupervisionState(campaign=RUNNING.model_copy(update={"plan": plan()})).timers() == ()


def test_a_closing_campaign_says_what_is_left():
    closing = RUNNING.model_copy(update={"phase": "closing"})
    state = SupervisionState(campaign=closing, accepted=frozenset({"make-s"}), lost={"s": ("stage_a", "rack_1")})
    assert state.left() == ("work make-s", "sample s may be at stage_a or rack_1")
    assert state.waits() == {"opv": "closing, waiting for work make-s, sample s may be at stage_a or rack_1"}


def test_without_a_campaign_nothing_is_left():
    assert SupervisionState().left() == ()
