"""How a bidder's work ends badly: spoiled by a failed step, or given up because the recorder refused a promise."""

from lab_agents.agents.behaviour import Draft
from lab_agents.agents.bidder_state import BidderState
from lab_agents.agents.bookings import Booking
from lab_agents.agents.causes import cause_of
from lab_agents.agents.clearing import lost_trouble
from lab_agents.agents.courses import Course
from lab_agents.messages.entry import Body
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import ReservationRefused, ReservationReleased, SampleQuarantined, TaskDone, TaskFailed
from lab_agents.records.ticket import Trouble


def spoil(
    course: Course, booking: Booking, body: TaskDone | TaskFailed | ReservationRefused, doubtful: tuple[str, ...]
) -> tuple[Body, ...]:
    """The end of work whose sample must not be used.

    Args:
        course: Where the work stood before its last entry.
        booking: The work; its flaw, if any, came with an earlier step.
        body: The entry that ended it.
        doubtful: Places where the sample may stand if the present step is to blame.
    """
    reason = booking.flaw or getattr(body, "cause", "") or getattr(body, "reason", "")
    is_passed_over = course.present.on_failure.action == "skip" and not getattr(body, "unknown", ())
    places = doubtful if isinstance(body, TaskFailed) and not is_passed_over else ()
    what = f"{course.work}, step {course.present.name}: {reason}"[:2000]
    evidence = {"work": course.work, "places": ", ".join(places)}
    if isinstance(body, TaskFailed) and body.unknown:
        evidence["unknown"] = ", ".join(body.unknown)
    seen = Trouble(what=what, evidence=evidence, remedies=("seen",), default="seen")
    quarantined = SampleQuarantined(sample=course.sample, work=course.work, reason=what, places=places)
    return (quarantined, TroubleMet(trouble=lost_trouble(what, evidence) if places else seen))


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
