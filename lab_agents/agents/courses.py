"""The course of reserved work, step by step, as each owner of a step follows it.

A course begins with `ReservationRequested` (which carries the recipe) and ends with `ReservationReleased`. The owner of
step 0 starts its task when `ReservationMade` comes, the owner of step k when `TaskDone` of step k - 1 comes; one task
at a time for each owner, in the order in which they fell due. A failed step whose policy is `skip` is passed over,
unless an actuation is unknown: a sample that may still be worked on is never carried away.
"""

from typing import Literal

from pydantic import Field

from lab_agents.agents.behaviour import Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.work import (
    ReservationMade,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleMoved,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.recipe import Act, Need, Recipe, Step, Task

COURSE_KINDS = frozenset(
    {
        "ReservationRequested",
        "ReservationMade",
        "ReservationRefused",
        "ReservationReleased",
        "TaskStarted",
        "TaskDone",
        "TaskFailed",
    }
)

Phase = Literal["requested", "due", "started", "moving", "over", "failed"]


class Course(Record):
    """Where a piece of reserved work stands: `step` is the next or present one, `since` the entry that led here."""

    work: Identifier
    sample: Identifier
    campaign: str | None
    holder: Name
    service: Name
    needs: tuple[Need, ...]
    recipe: Recipe
    places: FrozenMap[Name, Name] = Field(default_factory=dict)
    step: int = 0
    phase: Phase = "requested"
    since: int
    job: Job | None = None

    @property
    def present(self) -> Step:
        """The step that is next or under way."""
        return self.recipe.steps[min(self.step, len(self.recipe.steps) - 1)]

    @property
    def task_id(self) -> Identifier:
        """The id of the present step's task: it does not change with attempts."""
        return f"{self.work}/{self.step}"


Courses = FrozenMap[str, Course]


def follow_courses(courses: Courses, logged: Logged, me: str) -> Courses:
    """The courses after an entry: those in which `me` owns a step, holds, or grants the reservation."""
    body = logged.entry.record
    if isinstance(body, ReservationRequested):
        owners = {body.service, logged.seal.source, *(s.owner for s in body.recipe.steps)}
        return with_item(courses, body.work, _requested(body, logged)) if me in owners else courses
    if isinstance(body, TaskStarted):
        course = courses.get(body.task.work)
        return courses if course is None else with_item(courses, course.work, _started(course, body.task, logged, me))
    if not isinstance(body, ReservationMade | ReservationRefused | ReservationReleased | TaskDone | TaskFailed):
        return courses
    course = courses.get(body.work)
    if course is None:
        return courses
    match body:
        case ReservationMade():
            update = {"places": body.places, "phase": "due", "since": logged.position}
            return with_item(courses, course.work, course.model_copy(update=update))
        case ReservationRefused() | ReservationReleased():
            return without_item(courses, course.work)
        case TaskDone() | TaskFailed():
            return with_item(courses, course.work, _ended(course, body, logged.position))


def _requested(body: ReservationRequested, logged: Logged) -> Course:
    return Course(
        work=body.work,
        sample=body.sample,
        campaign=logged.entry.campaign,
        holder=logged.seal.source,
        service=body.service,
        needs=body.needs,
        recipe=body.recipe,
        since=logged.position,
    )


def _started(course: Course, task: Task, logged: Logged, me: str) -> Course:
    if task.id != course.task_id or course.phase not in ("due", "started"):
        return course
    job = motion_job(task, logged.position, course.campaign) if task.owner == me else None
    return course.model_copy(update={"phase": "moving", "since": logged.position, "job": job})


def _ended(course: Course, body: TaskDone | TaskFailed, position: int) -> Course:
    if body.step != course.step:
        return course
    if isinstance(body, TaskFailed) and not passes_over(course, body):
        return course.model_copy(update={"phase": "failed", "since": position, "job": None})
    step = course.step + 1
    phase = "over" if step == len(course.recipe.steps) else "due"
    return course.model_copy(update={"step": step, "phase": phase, "since": position, "job": None})


def passes_over(course: Course, failed: TaskFailed) -> bool:
    """Whether the work goes on although this step failed."""
    return course.recipe.steps[failed.step].on_failure.action == "skip" and not failed.unknown


def motion_job(task: Task, position: int, campaign: str | None) -> Job:
    """The motion that the task's own `TaskStarted` at `position` asks for."""
    return Job(
        id=f"{position}/move",
        cause=position,
        kind="motion",
        name="move",
        campaign=campaign,
        subject=task.sample,
        task=task,
    )


def begin_due(courses: Courses, me: str, position: int) -> Courses:
    """Mark the step of `me` that fell due first as started, if none of its tasks is under way."""
    mine = [c for c in courses.values() if c.phase in ("due", "started", "moving") and c.present.owner == me]
    if not mine or any(c.phase != "due" for c in mine):
        return courses
    first = min(mine, key=lambda c: (c.since, c.work))
    return with_item(courses, first.work, first.model_copy(update={"phase": "started", "since": position}))


def starts(courses: Courses, me: str, position: int, carrier: str) -> tuple[Draft, ...]:
    """The `TaskStarted` that `begin_due` promised at this entry; `carrier` is the instrument of transfers."""
    return tuple(
        Draft(body=TaskStarted(task=fill_task(c, carrier)), subject=c.sample, campaign=c.campaign)
        for c in courses.values()
        if c.phase == "started" and c.since == position and c.present.owner == me
    )


def fail_refused(courses: Courses, refused: EntryRefused, me: str) -> tuple[Draft, ...]:
    """The failure of own tasks of which the recorder refused an entry: nobody could go on with them."""
    cause, why = cause_of(refused.refused_id), f"the recorder refused an entry of it: {refused.reason}"
    outcome = JobOutcome(ok=False, error=why)
    return tuple(
        Draft(body=_end(fill_task(c, me), outcome), subject=c.sample, campaign=c.campaign)
        for c in courses.values()
        if c.present.owner == me
        and ((c.phase == "started" and c.since == cause) or (c.job is not None and c.job.cause == cause))
    )


def fill_task(course: Course, carrier: str) -> Task:
    """The present step as a task: acts as they are, or one transfer between the places that were granted."""
    step = course.present
    acts = step.acts
    if step.transfer is not None:
        source, target = course.places[step.transfer.source], course.places[step.transfer.target]
        acts = (Act(instrument=carrier, plan="transfer", arguments={"source": source, "target": target}),)
    return Task(
        id=course.task_id,
        work=course.work,
        sample=course.sample,
        step=course.step,
        name=step.name,
        owner=step.owner,
        acts=acts,
    )


def conclude_motion(job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
    """What a motion's end is reported as.

    `SampleMoved` stands before `TaskDone`, so that who acts on the second knows the first.
    """
    task = job.task
    if task is None:
        return ()
    moved = tuple(
        SampleMoved(sample=task.sample, source=str(a.arguments["source"]), target=str(a.arguments["target"]))
        for a in task.acts
        if outcome.ok and a.plan == "transfer"
    )
    return tuple(Draft(body=b, subject=task.sample, campaign=job.campaign) for b in (*moved, _end(task, outcome)))


def _end(task: Task, outcome: JobOutcome) -> Body:
    if outcome.ok:
        return TaskDone(
            task=task.id,
            work=task.work,
            sample=task.sample,
            step=task.step,
            owner=task.owner,
            results=outcome.results,
        )
    return TaskFailed(
        task=task.id,
        work=task.work,
        sample=task.sample,
        step=task.step,
        owner=task.owner,
        cause=(outcome.error or "the motion ended without a reason")[:2000],
        results=outcome.results,
        unknown=outcome.unknown,
    )
