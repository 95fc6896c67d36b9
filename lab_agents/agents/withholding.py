"""What a pause withholds of own tasks: acts that have not begun.

A task that stands in the log before the pause finishes the act that it is at: its first one may have begun already. One
whose `TaskStarted` comes after the pause does not begin. A task that keeps instruments busy for which a chain under way
has to wait goes on to its end: a wet film does not wait for a dose that a pause holds up.
"""

from collections.abc import Iterator

from lab_agents.agents.behaviour import Job
from lab_agents.agents.courses import Course, Courses, find_lane, is_held
from lab_agents.agents.pauses import Pause, Pauses
from lab_agents.records.laboratory import Laboratory

PAUSED = "the campaign is paused"


def find_withheld(courses: Courses, pauses: Pauses, lab: Laboratory | None, job: Job, act: int) -> str:
    """Why an own motion does not begin its act number `act`, or an empty text."""
    pause = pauses.get(job.campaign or "")
    course = None if pause is None or job.task is None else courses.get(job.task.work)
    if pause is None or course is None or course.job is None or course.job.id != job.id:
        return ""
    if not is_held(course, pauses) or (act == 0 and job.cause < pause.since):
        return ""
    if not pause.at_once and not find_lane(course, lab).isdisjoint(_awaited(courses, pauses, lab)):
        return ""
    return PAUSED


def find_wait(course: Course, pauses: Pauses) -> str | None:
    """Why the present step of a course does not move, or None."""
    is_paused = course.phase == "due" and is_held(course, pauses)
    return f"waiting to {course.present.name}: {PAUSED}" if is_paused else course.wait


def _awaited(courses: Courses, pauses: Pauses, lab: Laboratory | None) -> frozenset[str]:
    """The instruments that own steps of chains under way will need."""
    lanes = (find_lane(ahead, lab) for c in courses.values() for ahead in chain_of(c, pauses) if ahead.is_mine)
    return frozenset[str]().union(*lanes)


def chain_of(course: Course, pauses: Pauses) -> Iterator[Course]:
    """The course at each step that a pause lets it go on to, the present one included; none where it rests now."""
    pause = pauses.get(course.campaign or "")
    if course.has_ended or course.phase in ("requested", "asking") or pause is None or pause.at_once:
        return
    if is_held(course, pauses):
        if not _finishes(course, pause):
            return
    else:
        yield course
    for number in range(course.step + 1, len(course.recipe.steps)):
        if course.recipe.steps[number].max_wait is None:
            return
        yield course.model_copy(update={"step": number, "attempt": 0, "phase": "due"})


def _finishes(course: Course, pause: Pause) -> bool:
    """Whether the present step, under way when the pause came, ends although it could wait: its only act has begun."""
    is_under_way = course.phase == "moving" and course.since < pause.since
    return is_under_way and max(1, len(course.present.acts)) == 1
