"""How work ends badly."""

import pytest

from lab_agents.agents.bidder_state import BidderState
from lab_agents.agents.courses import Course
from lab_agents.agents.failures import give_up, reason_in, say_asked, say_given_up, spoil
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.work import ReservationRefused, ReservationReleased, SampleQuarantined
from lab_agents.records.failure import FailurePolicy
from tests.model_lab import sha
from tests.unit.lab_agents.agents.test_bookings import booking
from tests.unit.lab_agents.agents.test_courses import MADE, done, failed, follow

REFUSED = EntryRefused(source="line_a", sequence=1, reason="r", raw=sha("x"), refused_id="line_a/1/0")


def course(step: int) -> Course:
    """A measurement at its nth step."""
    return follow("tester", MADE, *[done(i, "x") for i in range(step)])["w"]


@pytest.mark.parametrize(
    ("step", "body", "places", "default"),
    [
        (0, failed(0, "robot"), ("stage_t",), "clear"),
        (1, failed(1, "tester"), (), "seen"),
        (1, failed(1, "tester", "0" * 16), ("stage_t",), "clear"),
        (2, done(2, "robot"), (), "seen"),
        (0, ReservationRefused(work="w", reason="r"), (), "seen"),
    ],
)
def test_places_are_blocked_only_where_the_sample_may_stand(step, body, places, default):
    quarantined, trouble = spoil(course(step), booking(1, flaw="dark"), body, ("stage_t",))
    assert isinstance(quarantined, SampleQuarantined)
    assert quarantined.places == places
    assert trouble.trouble.default == default
    assert "dark" in trouble.trouble.what


def with_action(action: str) -> Course:
    """The measurement at its second step, whose policy is this action."""
    now = course(1)
    steps = tuple(s.model_copy(update={"on_failure": FailurePolicy(action=action)}) for s in now.recipe.steps)
    return now.model_copy(update={"recipe": now.recipe.model_copy(update={"steps": steps})})


def test_a_step_whose_policy_is_to_abort_closes_the_campaign():
    _, trouble = spoil(with_action("abort"), booking(1), failed(1, "tester"), ("stage_t",))
    assert trouble.closes
    _, trouble = spoil(with_action("quarantine"), booking(1), failed(1, "tester"), ("stage_t",))
    assert not trouble.closes


def test_a_discarded_sample_may_stand_where_its_step_failed():
    answer = TicketClosed(ticket="ticket-1", answer="discard", person="ada")
    quarantined, _ = spoil(with_action("ask"), booking(1), answer, ("stage_t",))
    assert quarantined.places == ("stage_t",)
    assert "ada answered ticket-1: discard" in quarantined.reason
    quarantined, _ = spoil(
        with_action("ask"), booking(1, flaw="f"), answer.model_copy(update={"answer": "skip"}), ("stage_t",)
    )
    assert quarantined.places == ()
    assert reason_in(done(1, "tester")) == ""


def test_a_person_is_asked_once_for_each_work_that_waits_for_an_answer():
    asking = with_action("ask").model_copy(update={"phase": "asking", "since": 5})
    (draft,) = say_asked({"w": asking, "v": asking}, {"w"}, failed(1, "tester"), 5)
    assert draft.subject == asking.sample
    assert draft.body.trouble.remedies == ("retry", "skip", "discard")
    assert draft.body.trouble.default == "discard"
    assert say_asked({"w": asking}, {"w"}, failed(1, "tester"), 6) == ()


def test_a_refused_request_gives_the_work_up_and_says_so():
    before = BidderState(bookings={"w1": booking(1, phase="reserving"), "w2": booking(2, phase="queued")})
    after = give_up(before, REFUSED)
    assert set(after.bookings) == {"w2"}
    assert [type(d.body) for d in say_given_up(before, after, REFUSED)] == [SampleQuarantined, ReservationReleased]


def test_a_refused_acceptance_needs_no_word():
    before = BidderState(bookings={"w1": booking(1)})
    after = give_up(before, REFUSED)
    assert after.bookings == {}
    assert say_given_up(before, after, REFUSED) == ()


def test_running_work_of_which_an_entry_was_refused_is_spoiled():
    courses = {"w1": course(0).model_copy(update={"since": 1})}
    before = BidderState(bookings={"w1": booking(7, phase="running")}, courses=courses)
    assert "refused" in give_up(before, REFUSED).bookings["w1"].flaw
