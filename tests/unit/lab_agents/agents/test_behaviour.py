"""Drafts, jobs and outcomes survive the journal, and a state says nothing by itself."""

from lab_agents.agents.behaviour import AgentState, Draft, Job, JobOutcome
from lab_agents.records.recipe import Act, ActResult, Task
from tests.small_log import AT
from tests.toy_agent import EchoState, note

TASK = Task(id="w/0", work="w", sample="s", step=0, name="dose", owner="line", acts=(Act(instrument="toy", plan="go"),))


def test_a_state_wants_nothing_unless_it_says_so() -> None:
    """No job, no timer, nothing owed, nothing waiting."""
    state = AgentState()
    assert (state.jobs(), state.timers(), state.owed(), state.waits()) == ((), (), (), {})


def test_a_job_with_its_task_comes_back_from_the_journal() -> None:
    """The state is kept as JSON; the tokens derive from the task and so are the same."""
    job = Job(id="7/dose", cause=7, kind="motion", name="dose", subject="s", task=TASK)
    state = EchoState(wanted=(job,))
    again = EchoState.model_validate_json(state.model_dump_json())
    assert again == state
    assert again.wanted[0].task is not None
    assert again.wanted[0].task.token(0) == TASK.token(0)


def test_an_outcome_carries_what_moved_and_what_is_unknown() -> None:
    """As JSON, too."""
    result = ActResult(act=0, token=TASK.token(0), run="r", started_at=AT, ended_at=AT)
    outcome = JobOutcome(ok=False, results=(result,), unknown=("a" * 16,), error="dropped", evidence={"seen": "twice"})
    assert JobOutcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_a_draft_is_written_with_the_fields_of_its_own_kind() -> None:
    """A body is serialized as what it is and not as the base of all bodies."""
    draft: Draft = note("smoke")
    assert draft.model_dump()["body"]["trouble"]["what"] == "smoke"
