"""Own steps of courses as tasks: what is said when they begin, come too late, end, or cannot be recorded."""

from lab_agents.agents.behaviour import Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of
from lab_agents.agents.courses import Course, Courses, filled_acts
from lab_agents.messages.entry import Body
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.work import SampleMoved, TaskDone, TaskFailed, TaskStarted
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Task


def say_begun(courses: Courses, lab: Laboratory | None, position: int) -> tuple[Draft, ...]:
    """What the entry at `position` promised of own steps: the tasks that begin, and those that come too late."""
    own = [c for c in courses.values() if c.is_mine and c.since == position]
    return (
        *(_draft(c, TaskStarted(task=fill_task(c, lab))) for c in own if c.phase == "started"),
        *(_draft(c, _say_late(c, lab)) for c in own if c.phase == "late"),
    )


def _draft(course: Course, body: Body) -> Draft:
    return Draft(body=body, subject=course.sample, campaign=course.campaign)


def _say_late(course: Course, lab: Laboratory | None) -> Body:
    longest = course.present.max_wait or 0.0
    why = (
        f"{course.present.name} could not begin within {longest:g} s of the end of the step before; the sample would "
        f"be another one than the recipe means. Free {course.present.owner} earlier, or let the step wait longer"
    )
    return _end(fill_task(course, lab), JobOutcome(ok=False, error=why, moved=False))


def fail_refused(courses: Courses, refused: EntryRefused, lab: Laboratory | None) -> tuple[Draft, ...]:
    """The failure of own tasks of which the recorder refused an entry: nobody could go on with them."""
    cause, why = cause_of(refused.refused_id), f"the recorder refused an entry of it: {refused.reason}"
    outcome = JobOutcome(ok=False, error=why)
    return tuple(
        _draft(c, _end(fill_task(c, lab), outcome))
        for c in courses.values()
        if c.is_mine
        and ((c.phase in ("started", "late") and c.since == cause) or (c.job is not None and c.job.cause == cause))
    )


def fill_task(course: Course, lab: Laboratory | None) -> Task:
    """The present step as a task, with instruments and places filled in."""
    step = course.present
    return Task(
        id=course.task_id,
        work=course.work,
        sample=course.sample,
        step=course.step,
        name=step.name,
        owner=step.owner,
        acts=filled_acts(course, lab),
        attempt=course.attempt,
        not_after=course.deadline,
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
        moved=outcome.moved,
        repeatable=outcome.repeatable,
        blocked=outcome.blocked,
    )
