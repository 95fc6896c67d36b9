"""Clearing up: the service carries a stranded sample to a buffer place, as work of its own.

A sample is stranded where a failed coating or transfer left it, or may have left it, once a person has answered its
ticket: `clear` (try to carry it away), or `done` and `not done` where that place is no buffer. The work is
`clear-<sample>-<position of the answer>`, its one step a transfer; it takes its places like any other. If the robot
refuses because its sensor sees nothing there, the sample certainly is at the other end of its way, from where it is
carried away in turn if that is no buffer, or it was never made. If it began and failed, the sample is lost again.
"""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.courses import Course
from lab_agents.agents.places import Places, block, find_buffer, not_found, stranded, unblock
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import (
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    SampleQuarantined,
    TaskDone,
    TaskFailed,
)
from lab_agents.records.failure import FailurePolicy
from lab_agents.records.recipe import Need, Recipe, Step, Transfer
from lab_agents.records.ticket import Trouble

ANSWERS = ("clear", "discard", "done", "not done")
"""What a person may say of a lost sample; the first is the default, because it finds out by itself."""
PREFIX = "clear-"
_CLEAR = Step(
    name="clear",
    owner="service",
    transfer=Transfer(source="source", target="target"),
    # A refusal is an answer here: asked again, the sensor would say the same.
    on_failure=FailurePolicy(),
)


def lost_trouble(what: str, evidence: dict[str, str]) -> Trouble:
    """The trouble of a sample that may stand in one of several places."""
    return Trouble(what=what[:2000], evidence=evidence, remedies=ANSWERS, default=ANSWERS[0])


def clearing_request(places: Places, course: Course | None, logged: Logged, me: str) -> tuple[Draft, ...]:
    """The request for the places of clearing, where an answer, or a clearing that found nothing, left one stranded."""
    body, sample = logged.entry.record, logged.entry.subject
    is_answered = isinstance(body, TicketClosed) and body.answer in ("clear", "done", "not done")
    if not is_answered and not _found_nothing(course, body, me):
        return ()
    source, kind = stranded(places, sample), find_buffer(places)
    if source is None or kind is None:
        return ()
    request = ReservationRequested(
        work=f"{PREFIX}{sample}-{logged.position}",
        sample=sample,
        service=me,
        needs=(Need(role="source", place=source), Need(role="target", kind=kind)),
        recipe=Recipe(steps=(_CLEAR.model_copy(update={"owner": me}),)),
    )
    return (Draft(body=request, subject=sample, campaign=logged.entry.campaign),)


def clear_course(places: Places, course: Course | None, logged: Logged, me: str) -> Places:
    """The places after clearing ended: the sample was carried, was not there, or is lost again."""
    body = logged.entry.record
    if course is None or not _is_clearing(course, me) or not isinstance(body, TaskDone | TaskFailed):
        return places
    if isinstance(body, TaskDone):
        return unblock(places, course.sample)
    if body.moved or body.unknown:
        return block(places, course.sample, course.places.values())
    if not body.blocked:
        # Refused for another reason: the sample may stand wherever it might before.
        return places
    return not_found(places, course.sample, course.places["source"])


def say_cleared(course: Course | None, logged: Logged, me: str) -> tuple[Draft, ...]:
    """The places given back, and a new ticket where the sample is lost again."""
    body = logged.entry.record
    if course is None or not _is_clearing(course, me):
        return ()
    bodies: list[Body] = []
    if isinstance(body, TaskDone | TaskFailed):
        bodies.append(ReservationReleased(work=course.work, places=tuple(course.places.values())))
    if isinstance(body, TaskFailed) and (body.moved or body.unknown):
        places = tuple(course.places.values())
        what = f"{course.work}: {body.cause}"[:2000]
        bodies.append(SampleQuarantined(sample=course.sample, work=course.work, reason=what, places=places))
        bodies.append(TroubleMet(trouble=lost_trouble(what, {"places": ", ".join(places)})))
    elif isinstance(body, TaskFailed) and not body.blocked:
        bodies.append(TroubleMet(trouble=lost_trouble(f"{course.work}: {body.cause}", {})))
    if isinstance(body, ReservationRefused):
        bodies.append(TroubleMet(trouble=lost_trouble(f"{course.work}: {body.reason}", {})))
    return tuple(Draft(body=b, subject=course.sample, campaign=course.campaign) for b in bodies)


def _found_nothing(course: Course | None, body: Body, me: str) -> bool:
    is_clearing = course is not None and _is_clearing(course, me)
    return is_clearing and isinstance(body, TaskFailed) and body.blocked and not body.unknown


def _is_clearing(course: Course, me: str) -> bool:
    return course.holder == me and course.work.startswith(PREFIX)
