"""Reserved work, step by step."""

from datetime import timedelta

import pytest

from lab_agents.agents.courses import MEASURED_AGAIN, begin_due, find_lane, follow_courses, what_follows
from lab_agents.agents.tasks import say_begun
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.life import TimerRang
from lab_agents.messages.work import (
    ReservationMade,
    ReservationReleased,
    ReservationRequested,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.failure import FailurePolicy
from lab_agents.records.laboratory import AgentDeclaration, ExclusiveGroup, Interlocks
from lab_agents.records.place import Place
from lab_agents.records.recipe import Act, Need, Recipe, Step, Transfer
from tests.model_lab import START, laboratory
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


def failed(step: int, owner: str, *unknown: str, **more) -> TaskFailed:
    """A step's bad end."""
    fields = {"task": f"w/{step}", "work": "w", "sample": "s", "step": step, "owner": owner, "cause": "c"}
    return TaskFailed(**fields, unknown=unknown, **more)


LAB = laboratory().model_copy(
    update={
        "agents": {
            "robot": AgentDeclaration(role="service", instruments=("robot",)),
            "tester": AgentDeclaration(role="characterization", instruments=("tester",)),
        },
        "places": tuple(
            Place(name=f"plate_{i}", kind="plate", service="robot", instrument=f"plate_{i}") for i in range(1, 5)
        ),
    }
)


def follow(me: str, *entries, request=REQUEST, lab=LAB):
    """The courses after these entries, one second apart, as `me` sees them, with its due tasks begun.

    An entry is a body, or one with its source and subject.
    """
    courses = {}
    for position, entry in enumerate((request, *entries), start=1):
        body, source, subject = entry if isinstance(entry, tuple) else (entry, "x", "s")
        source = "tester" if isinstance(body, ReservationRequested) else source
        one = logged(position, source, body, subject=subject)
        courses = begin_due(follow_courses(courses, one, me), lab, position, one.entry.at)
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
    (draft,) = say_begun(follow("robot", MADE), LAB, 2)
    assert isinstance(draft.body, TaskStarted)
    (act,) = draft.body.task.acts
    assert (act.instrument, act.arguments) == ("robot", {"source": "rack_1", "target": "stage_t"})
    assert draft.body.task.id == "w/0"


def test_the_motion_begins_when_the_start_has_its_position():
    courses = follow("tester", MADE, done(0, "robot"))
    (draft,) = say_begun(courses, LAB, 3)
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


def follow_recipe(me: str, recipe: Recipe, *bodies):
    """The courses after a request with another recipe and these entries, one second apart."""
    request = REQUEST.model_copy(update={"recipe": recipe, "needs": recipe.needs})
    return follow(me, *bodies, request=request)


def with_policy(**policy) -> Recipe:
    """The tester's recipe, whose soak fails as this policy says."""
    soak = STEPS[1].model_copy(update={"on_failure": FailurePolicy(**policy)})
    return Recipe(steps=(STEPS[0], soak, STEPS[2]), needs=NEEDS)


def at_soak(me: str, *bodies, **policy):
    """The course after the sample was loaded and these entries."""
    return follow_recipe(me, with_policy(**policy), MADE, done(0, "robot"), *bodies)["w"]


@pytest.mark.parametrize("action", ["retry", "skip", "quarantine", "ask", "abort"])
def test_a_step_that_may_have_moved_is_never_tried_again_by_a_policy(action):
    course = at_soak("tester", action=action, retries=3)
    following = {"skip": "skip", "ask": "ask"}.get(action, "end")
    assert what_follows(course, failed(1, "tester"), START) == following
    assert what_follows(course, failed(1, "tester", moved=False), START) == "retry"
    assert what_follows(course, failed(1, "tester", "0" * 16, moved=False), START) == "end"


def test_what_did_not_move_is_tried_again_after_its_backoff_and_as_often_as_declared():
    refused = failed(1, "tester", moved=False)
    course = at_soak("tester", refused, action="retry", retries=1, backoff=600.0)
    assert (course.phase, course.attempt) == ("retrying", 1)
    assert course.wait is not None
    assert course.wait.startswith("retrying(1)")
    (timer,) = course.timers
    assert timer.due == START + timedelta(seconds=4 + 600)
    rang = TimerRang(purpose=timer.purpose, due=timer.due)
    course = at_soak("tester", refused, (rang, "tester", "w"), action="retry", retries=1, backoff=600.0)
    assert (course.phase, course.timers) == ("started", ())
    (draft,) = say_begun({"w": course}, LAB, 5)
    assert draft.body.task.attempt == 1
    again = at_soak("tester", refused, (rang, "tester", "w"), draft.body, refused, action="retry", retries=1)
    assert again.phase == "failed"


def test_each_wait_before_a_retry_is_longer_than_the_last_where_it_grows():
    refused = failed(1, "tester", moved=False)
    policy = {"retries": 3, "backoff": 60.0, "growth": 2.0}
    (first,) = at_soak("tester", refused, **policy).timers
    rang = (TimerRang(purpose=first.purpose, due=first.due), "tester", "w")
    (second,) = at_soak("tester", refused, rang, refused, **policy).timers
    assert first.due == START + timedelta(seconds=4 + 60)
    assert second.due == START + timedelta(seconds=6 + 120)


def test_a_timer_of_somebody_else_tries_nothing_again():
    refused = failed(1, "tester", moved=False)
    rang = TimerRang(purpose="try-step-1-again-1", due=None)
    assert at_soak("robot", refused, (rang, "tester", "w"), retries=1).phase == "retrying"
    assert at_soak("robot", refused, retries=1).timers == ()


def test_retries_take_turns_with_the_instruments_that_may_do_it_instead():
    policy = {"retries": 2, "backoff": 0.0, "instead": ("tester_b",)}
    refused = failed(1, "tester", moved=False)
    instruments = []
    for n in range(3):
        course = at_soak("tester", *[refused] * n, **policy)
        (draft,) = say_begun({"w": course}, LAB, course.since)
        instruments.append(draft.body.task.acts[0].instrument)
    assert instruments == ["tester", "tester_b", "tester"]


def test_a_measurement_without_data_is_made_again_at_once_whatever_the_policy():
    lost = failed(1, "tester", repeatable=True)
    course = at_soak("tester", lost)
    assert (course.phase, course.attempt, course.step) == ("started", 1, 1)
    assert at_soak("tester", *[lost] * (MEASURED_AGAIN + 1)).phase == "failed"


def answer(word: str, subject: str = "s"):
    """A person's answer to the ticket of the sample."""
    return (TicketClosed(ticket="ticket-1", answer=word, person="ada"), "supervision", subject)


def test_a_step_that_is_asked_about_waits_for_the_answer_and_obeys_it():
    broken = failed(1, "tester")
    assert at_soak("tester", broken, action="ask").phase == "asking"
    assert at_soak("tester", broken, answer("retry", "other"), action="ask").phase == "asking"
    assert at_soak("tester", broken, answer("seen"), action="ask").phase == "asking"
    again = at_soak("tester", broken, answer("retry"), action="ask")
    assert (again.phase, again.attempt) == ("started", 1)
    assert at_soak("tester", broken, answer("discard"), action="ask").phase == "failed"
    assert at_soak("robot", broken, answer("skip"), action="ask").step == 2


def hurried(longest: float = 60.0) -> Recipe:
    """The tester's recipe, whose soak must begin within some seconds after the sample was loaded."""
    return Recipe(steps=(STEPS[0], STEPS[1].model_copy(update={"max_wait": longest}), STEPS[2]), needs=NEEDS)


def test_a_step_that_waits_too_long_fails_with_the_reason_and_is_not_started():
    busy = request_of("other", Recipe(steps=STEPS[1:2], needs=NEEDS[:1]))
    occupying = (busy, MADE.model_copy(update={"work": "other"}))
    entries = (*occupying, MADE, done(0, "robot"))
    courses = follow("tester", *entries, request=request_of("w", hurried()))
    assert (courses["other"].phase, courses["w"].phase) == ("started", "due")
    (timer,) = courses["w"].timers
    assert timer.due == START + timedelta(seconds=5 + 60)
    rang = TimerRang(purpose=timer.purpose, due=timer.due)
    courses = follow("tester", *entries, (rang, "tester", "w"), request=request_of("w", hurried()))
    (draft,) = say_begun(courses, LAB, 6)
    assert isinstance(draft.body, TaskFailed)
    assert "could not begin within 60 s" in draft.body.cause
    assert not draft.body.moved
    assert (
        follow("tester", *entries, (rang, "tester", "w"), draft.body, request=request_of("w", hurried()))["w"].step == 2
    )


def test_a_step_that_is_late_has_no_retries():
    recipe = hurried(0.5)
    step = recipe.steps[1].model_copy(update={"on_failure": FailurePolicy(retries=5)})
    recipe = recipe.model_copy(update={"steps": (recipe.steps[0], step, recipe.steps[2])})
    assert (
        follow_recipe("tester", recipe, MADE, done(0, "robot"), failed(1, "tester", moved=False))["w"].phase == "failed"
    )


def request_of(work: str, recipe: Recipe) -> ReservationRequested:
    """A request of the tester."""
    return REQUEST.model_copy(update={"work": work, "recipe": recipe, "needs": recipe.needs})


def plates(n: int):
    """Courses that each anneal at a plate of their own, all granted."""
    anneal = Act(instrument="plate_1", plan="anneal", at="plate", places={"slot": "plate"})
    entries = []
    for i in range(1, n + 1):
        need = Need(role="plate", kind="plate")
        step = Step(name="anneal", owner="tester", acts=(anneal,))
        entries.append(request_of(f"w{i}", Recipe(steps=(step,), needs=(need,))))
        entries.append(ReservationMade(work=f"w{i}", sample="s", holder="tester", places={"plate": f"plate_{i}"}))
    return entries


def test_instruments_of_one_owner_work_at_the_same_time_each_on_one_task():
    entries = plates(4)
    courses = follow("tester", *entries, *entries[:0], request=request_of("w", Recipe(steps=STEPS, needs=NEEDS)))
    assert [courses[f"w{i}"].phase for i in range(1, 5)] == ["started"] * 4
    assert {next(iter(find_lane(courses[f"w{i}"], LAB))) for i in range(1, 5)} == {f"plate_{i}" for i in range(1, 5)}


def test_an_act_at_a_place_is_one_of_the_instrument_that_stands_there():
    courses = follow("tester", *plates(2))
    (draft,) = say_begun({"w2": courses["w2"]}, LAB, 5)
    (act,) = draft.body.task.acts
    assert act == Act(instrument="plate_2", plan="anneal", arguments={"slot": "plate_2"})


def test_instruments_of_an_exclusive_group_work_one_after_the_other():
    group = ExclusiveGroup(instruments=("plate_1", "plate_2"), because="one fuse")
    lab = LAB.model_copy(update={"interlocks": Interlocks(exclusive=(group,))})
    courses = follow("tester", *plates(3), lab=lab)
    assert [courses[f"w{i}"].phase for i in range(1, 4)] == ["started", "due", "started"]


def test_who_may_wait_for_a_short_time_only_comes_first():
    plain, urgent = Recipe(steps=STEPS[:2], needs=NEEDS), hurried(1e6)
    busy = request_of("x", Recipe(steps=STEPS[1:2], needs=NEEDS))
    entries = [busy, request_of("w1", plain), request_of("w2", urgent)]
    entries += [MADE.model_copy(update={"work": work}) for work in ("x", "w1", "w2")]
    ends = [TaskDone(task=f"{w}/0", work=w, sample="s", step=0, owner="robot", results=()) for w in ("w1", "w2")]
    entries += [*ends, TaskDone(task="x/0", work="x", sample="s", step=0, owner="tester", results=())]
    courses = follow("tester", *entries)
    assert (courses["w1"].phase, courses["w2"].phase) == ("due", "started")
