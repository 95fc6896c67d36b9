"""Reserved work, step by step."""

import pytest

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.courses import begin_due, conclude_motion, follow_courses, motion_job, passes_over, starts
from lab_agents.messages.work import (
    ReservationMade,
    ReservationReleased,
    ReservationRequested,
    SampleMoved,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.recipe import Act, FailurePolicy, Need, Recipe, Step, Task, Transfer
from tests.story import logged

STEPS = (
    Step(name="load", owner="robot", transfer=Transfer(source="home", target="stage")),
    Step(
        name="soak",
        owner="tester",
        acts=(Act(instrument="tester", plan="soak"),),
        on_failure=FailurePolicy(action="skip"),
    ),
    Step(name="unload", owner="robot", transfer=Transfer(source="stage", target="home")),
)
NEEDS = (Need(role="stage", place="stage_t"), Need(role="home", place="rack_1"))
REQUEST = ReservationRequested(
    work="w", sample="s", service="robot", needs=NEEDS, recipe=Recipe(steps=STEPS, needs=NEEDS)
)
MADE = ReservationMade(work="w", sample="s", holder="tester", places={"stage": "stage_t", "home": "rack_1"})


def done(step: int, owner: str) -> TaskDone:
    """A step's good end."""
    return TaskDone(task=f"w/{step}", work="w", sample="s", step=step, owner=owner, results=())


def failed(step: int, owner: str, *unknown: str) -> TaskFailed:
    """A step's bad end."""
    return TaskFailed(task=f"w/{step}", work="w", sample="s", step=step, owner=owner, cause="c", unknown=unknown)


def follow(me: str, *bodies):
    """The course after these entries, as `me` sees it, with its due tasks begun."""
    courses = {}
    for position, body in enumerate((REQUEST, *bodies), start=1):
        source = "tester" if isinstance(body, ReservationRequested) else "x"
        courses = begin_due(follow_courses(courses, logged(position, source, body), me), me, position)
    return courses


def test_each_owner_starts_when_the_step_before_is_done():
    assert follow("robot", MADE)["w"].phase == "started"
    assert follow("tester", MADE)["w"].phase == "due"
    assert follow("tester", MADE, done(0, "robot"))["w"].phase == "started"
    assert follow("robot", MADE, done(0, "robot"), done(1, "tester"))["w"].phase == "started"
    assert follow("tester", MADE, done(0, "robot"), done(1, "tester"), done(2, "robot"))["w"].phase == "over"


def test_strangers_do_not_follow_a_course():
    assert follow("line_a", MADE) == {}


def test_a_transfer_is_filled_in_with_the_places_granted():
    (draft,) = starts(follow("robot", MADE), "robot", 2, "robot_arm")
    assert isinstance(draft.body, TaskStarted)
    (act,) = draft.body.task.acts
    assert (act.instrument, act.arguments) == ("robot_arm", {"source": "rack_1", "target": "stage_t"})
    assert draft.body.task.id == "w/0"


def test_the_motion_begins_when_the_start_has_its_position():
    courses = follow("tester", MADE, done(0, "robot"))
    (draft,) = starts(courses, "tester", 3, "")
    moving = follow_courses(courses, logged(4, "tester", draft.body), "tester")["w"]
    assert moving.job is not None
    assert (moving.job.id, moving.job.cause, moving.job.kind) == ("4/move", 4, "motion")


def test_a_failed_step_that_may_be_skipped_is_passed_over_unless_it_is_unknown():
    assert follow("tester", MADE, done(0, "robot"), failed(1, "tester"))["w"].step == 2
    assert follow("tester", MADE, done(0, "robot"), failed(1, "tester", "0" * 16))["w"].phase == "failed"
    assert follow("robot", MADE, failed(0, "robot"))["w"].phase == "failed"


def test_a_course_ends_with_the_release_of_its_places():
    assert follow("robot", MADE, ReservationReleased(work="w", places=("stage_t", "rack_1"))) == {}


def test_a_report_that_comes_twice_moves_a_course_once():
    assert follow("robot", MADE, done(0, "robot"), done(0, "robot"))["w"].step == 1


def test_a_motion_s_end_says_where_the_sample_went_before_it_says_done():
    transfer = Act(instrument="r", plan="transfer", arguments={"source": "a", "target": "b"})
    task = Task(id="w/0", work="w", sample="s", step=0, name="load", owner="robot", acts=(transfer,))
    job = motion_job(task, 4, "opv")
    assert [type(d.body) for d in conclude_motion(job, JobOutcome(ok=True))] == [SampleMoved, TaskDone]
    (draft,) = conclude_motion(job, JobOutcome(ok=False, unknown=(task.token(0),)))
    assert isinstance(draft.body, TaskFailed)
    assert draft.body.cause == "the motion ended without a reason"
    assert conclude_motion(job.model_copy(update={"task": None}), JobOutcome(ok=True)) == ()


@pytest.mark.parametrize("action", ["retry", "skip", "quarantine", "ask", "abort"])
def test_only_a_declared_skip_passes_over_a_failed_step_and_only_where_nothing_is_unknown(action):
    step = STEPS[0].model_copy(update={"on_failure": FailurePolicy(action=action)})
    course = follow("tester")["w"].model_copy(update={"recipe": Recipe(steps=(step, *STEPS[1:]))})
    assert passes_over(course, failed(0, "robot")) == (action == "skip")
    assert not passes_over(course, failed(0, "robot", "0" * 16))
