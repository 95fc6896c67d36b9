"""Own steps as tasks: begun, ended, refused."""

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.courses import follow_courses, motion_job
from lab_agents.agents.tasks import conclude_motion, fail_refused, fill_task, say_begun
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.work import SampleMoved, TaskDone, TaskFailed
from lab_agents.records.recipe import Act, Task
from tests.model_lab import sha
from tests.story import logged
from tests.unit.lab_agents.agents.test_courses import LAB, MADE, done, follow

CARRIED = Task(
    id="w/0",
    work="w",
    sample="s",
    step=0,
    name="load",
    owner="robot",
    acts=(Act(instrument="r", plan="transfer", arguments={"source": "a", "target": "b"}),),
)


def test_a_motion_s_end_says_where_the_sample_went_before_it_says_done():
    job = motion_job(CARRIED, 4, "opv")
    assert [type(d.body) for d in conclude_motion(job, JobOutcome(ok=True))] == [SampleMoved, TaskDone]
    (draft,) = conclude_motion(job, JobOutcome(ok=False, unknown=(CARRIED.token(0),)))
    assert isinstance(draft.body, TaskFailed)
    assert draft.body.cause == "the motion ended without a reason"
    assert conclude_motion(job.model_copy(update={"task": None}), JobOutcome(ok=True)) == ()


def test_a_failure_says_whether_anything_may_have_moved_and_whether_data_are_all_that_is_missing():
    job = motion_job(CARRIED, 4, "opv")
    (draft,) = conclude_motion(job, JobOutcome(ok=False, moved=False))
    assert not draft.body.moved
    (draft,) = conclude_motion(job, JobOutcome(ok=False, repeatable=True))
    assert draft.body.repeatable
    (draft,) = conclude_motion(job, JobOutcome(ok=False))
    assert (draft.body.moved, draft.body.repeatable) == (True, False)


def test_a_task_says_until_when_it_may_begin_and_which_attempt_it_is():
    course = follow("robot", MADE)["w"]
    later = course.model_copy(update={"attempt": 2, "deadline": logged(9, "x", MADE).entry.at})
    assert (fill_task(course, LAB).attempt, fill_task(course, LAB).not_after) == (0, None)
    assert (fill_task(later, LAB).attempt, fill_task(later, LAB).not_after) == (2, later.deadline)
    assert fill_task(later, LAB).token(0) != fill_task(course, LAB).token(0)


def test_only_what_an_entry_promised_is_said_at_it():
    courses = follow("robot", MADE)
    assert len(say_begun(courses, LAB, 2)) == 1
    assert say_begun(courses, LAB, 3) == ()
    assert say_begun(follow("tester", MADE), LAB, 2) == ()


def test_a_task_whose_entry_the_recorder_refused_fails():
    courses = follow("tester", MADE, done(0, "robot"))
    refused = EntryRefused(source="tester", sequence=1, reason="r", raw=sha("x"), refused_id="tester/3/0")
    (draft,) = fail_refused(courses, refused, LAB)
    assert "refused an entry of it: r" in draft.body.cause
    (started,) = say_begun(courses, LAB, 3)
    moving = follow_courses(courses, logged(4, "tester", started.body), "tester")
    assert fail_refused(moving, refused, LAB) == ()
    later = refused.model_copy(update={"refused_id": "tester/4/move/0"})
    assert len(fail_refused(moving, later, LAB)) == 1
