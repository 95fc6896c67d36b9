"""How a bidder's work goes badly: a person is asked, the sample is spoiled, or the recorder refused a promise."""

from collections.abc import Collection

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.bidder_state import BidderState
from lab_agents.agents.bookings import Booking
from lab_agents.agents.causes import cause_of
from lab_agents.agents.clearing import lost_trouble
from lab_agents.agents.courses import STEP_ANSWERS, Course, Courses
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.entry import Body
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import ReservationRefused, ReservationReleased, SampleQuarantined, TaskDone, TaskFailed
from lab_agents.records.ticket import Trouble

EndedBy = TaskDone | TaskFailed | ReservationRefused | TicketClosed
"""Entries that end a piece of work."""


def reason_in(body: Body) -> str:
    """Why a step or a work went badly, as the entry says."""
    match body:
        case TaskFailed(cause=reason) | ReservationRefused(reason=reason):
            return reason
        case TicketClosed(person=person, ticket=ticket, answer=answer):
            return f"{person} answered {ticket}: {answer}"
        case _:
            return ""


def spoil(course: Course, booking: Booking, body: EndedBy, doubtful: tuple[str, ...]) -> tuple[Body, ...]:
    """The end of work whose sample must not be used.

    Args:
        course: Where the work stood before its last entry.
        booking: The work; its flaw, if any, came with an earlier step.
        body: The entry that ended it.
        doubtful: Places where the sample may stand if the present step is to blame.
    """
    places = doubtful if _is_to_blame(course, body) else ()
    what = f"{course.work}, step {course.present.name}: {booking.flaw or reason_in(body)}"[:2000]
    evidence = {"work": course.work, "places": ", ".join(places)}
    if isinstance(body, TaskFailed) and body.unknown:
        evidence["unknown"] = ", ".join(body.unknown)
    seen = Trouble(what=what, evidence=evidence, remedies=("seen",), default="seen")
    closes = isinstance(body, TaskFailed) and course.present.policy.action == "abort"
    quarantined = SampleQuarantined(sample=course.sample, work=course.work, reason=what, places=places)
    return (quarantined, TroubleMet(trouble=lost_trouble(what, evidence) if places else seen, closes=closes))


def _is_to_blame(course: Course, body: EndedBy) -> bool:
    """Whether the present step ended the work, so that the sample may stand where that step left it."""
    if isinstance(body, TaskFailed):
        return course.present.policy.action != "skip" or bool(body.unknown)
    return isinstance(body, TicketClosed) and body.answer == "discard"


def say_asked(after: Courses, works: Collection[str], body: Body, position: int) -> tuple[Draft, ...]:
    """The question to a person, for each of these works whose step failed with this entry and is to be asked about."""
    asking = (c for w, c in after.items() if w in works and c.phase == "asking" and c.since == position)
    return tuple(
        Draft(
            body=TroubleMet(
                trouble=Trouble(
                    what=f"{c.work}, step {c.present.name}: {reason_in(body)}"[:2000],
                    evidence={"work": c.work, "places": ", ".join(c.places.values())},
                    remedies=STEP_ANSWERS,
                    # Nobody there to look: what is not known to be good must not be used.
                    default=STEP_ANSWERS[-1],
                )
            ),
            subject=c.sample,
            campaign=c.campaign,
        )
        for c in asking
    )


def give_up(state: BidderState, refused: EntryRefused) -> BidderState:
    """Release what was booked for a promise that the recorder refused; running work goes on, but is spoiled."""
    cause = cause_of(refused.refused_id)
    bookings = {w: b for w, b in state.bookings.items() if b.since != cause or b.phase == "running"}
    for work, booking in bookings.items():
        course = state.courses.get(work)
        if course is not None and course.since == cause:
            flaw = f"the recorder refused an entry of it: {refused.reason}"
            bookings[work] = booking.model_copy(update={"flaw": flaw})
    return state.but(bookings=bookings)


def say_given_up(before: BidderState, after: BidderState, body: Body) -> tuple[Draft, ...]:
    """The end of accepted work whose request for places the recorder refused; an acceptance is simply withdrawn."""
    if not isinstance(body, EntryRefused):
        return ()
    lost = [b for w, b in before.bookings.items() if w not in after.bookings and b.phase != "accepting"]
    return tuple(
        Draft(body=said, subject=b.offer.sample, campaign=b.offer.campaign)
        for b in lost
        for said in (
            SampleQuarantined(sample=b.offer.sample, work=b.work, reason=body.reason),
            ReservationReleased(work=b.work, places=()),
        )
    )
