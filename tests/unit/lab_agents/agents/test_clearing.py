"""Clearing up what a failure left standing."""

import pytest

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.clearing import ANSWERS, lost_trouble
from lab_agents.agents.service import Service
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import ReservationRequested, SampleQuarantined
from tests.story import Story


def lost(*places: str) -> Story:
    """A robot that knows of a lost sample."""
    story = Story(Service("robot"))
    story.tell("line_a", SampleQuarantined(sample="opv-0001", work="make-opv-0001", reason="r", places=places))
    return story


def answer(story: Story, said: str):
    """A person's answer to the sample's ticket."""
    return story.tell("supervision", TicketClosed(ticket="t", answer=said, person="ada"), subject="opv-0001")


def test_the_default_answer_finds_out_by_itself():
    assert lost_trouble("w", {}).default == "clear"
    assert lost_trouble("w", {}).remedies == ANSWERS


@pytest.mark.parametrize(("said", "n"), [("clear", 1), ("done", 1), ("not done", 0), ("discard", 0), ("hold", 0)])
def test_a_film_that_stands_or_may_stand_on_a_stage_is_carried_away(said, n):
    """One doubtful place, a stage: `done` says that the film is there, `not done` that there is none."""
    bodies = answer(lost("stage_a"), said)
    assert len(bodies) == n
    assert all(isinstance(b, ReservationRequested) and b.service == "robot" for b in bodies)


def test_a_film_that_is_in_the_rack_is_left_there():
    story = lost("stage_a", "rack_1")
    assert answer(story, "done") == ()
    assert story.state.places.occupied == {"rack_1": "opv-0001"}


def clearing(story: Story):
    """Run the clearing until its motion may begin; returns the job."""
    (request,) = answer(story, "clear")
    (made,) = story.tell("robot", request, subject="opv-0001")
    (started,) = story.tell("robot", made, subject="opv-0001")
    story.tell("robot", started, subject="opv-0001")
    return story.state.jobs()[0]


def test_a_film_that_was_carried_is_known_again():
    story = lost("stage_a")
    for draft in story.conclude(clearing(story), JobOutcome(ok=True)):
        story.tell("robot", draft.body, subject="opv-0001")
    assert story.state.places.occupied == {"rack_1": "opv-0001"}
    assert story.state.places.blocked == {}


def test_a_film_that_was_not_there_was_never_made():
    story = lost("stage_a")
    for draft in story.conclude(clearing(story), JobOutcome(ok=False, error="empty", moved=False, blocked=True)):
        story.tell("robot", draft.body, subject="opv-0001")
    assert story.state.places.occupied == story.state.places.blocked == {}


def test_a_film_that_must_be_on_the_other_stage_is_carried_away_from_there():
    story = lost("stage_a", "stage_t")
    (draft,) = story.conclude(clearing(story), JobOutcome(ok=False, error="empty", moved=False, blocked=True))
    _, request = story.tell("robot", draft.body, subject="opv-0001")
    assert story.state.places.occupied == {"stage_t": "opv-0001"}
    assert isinstance(request, ReservationRequested)
    assert next(need.place for need in request.needs if need.role == "source") == "stage_t"


def test_a_refusal_for_another_reason_says_nothing_of_where_the_film_is():
    """An interlock, a deadline: the film is where it was, and the person is asked again."""
    story = lost("stage_a", "rack_1")
    (draft,) = story.conclude(clearing(story), JobOutcome(ok=False, error="the door is open", moved=False))
    _, trouble = story.tell("robot", draft.body, subject="opv-0001")
    assert isinstance(trouble, TroubleMet)
    assert "the door is open" in trouble.trouble.what
    assert set(story.state.places.blocked) == {"stage_a", "rack_1"}


@pytest.mark.parametrize("unknown", [("0" * 16,), ()], ids=["unknown", "failed half-way"])
def test_a_film_that_is_lost_again_is_a_new_ticket(unknown):
    story = lost("stage_a")
    (draft,) = story.conclude(clearing(story), JobOutcome(ok=False, error="x", unknown=unknown))
    _, quarantined, trouble = story.tell("robot", draft.body, subject="opv-0001")
    assert isinstance(quarantined, SampleQuarantined)
    assert quarantined.places == ("stage_a", "rack_1")
    assert isinstance(trouble, TroubleMet)
