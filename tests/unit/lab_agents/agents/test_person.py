"""The simulated person."""

import json
from datetime import timedelta

import pytest

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.person import SimulatedPerson
from lab_agents.messages.commands import AnswerTicket, GiveApproval
from lab_agents.messages.course import TicketClosed, TicketOpened, WorkAwarded
from lab_agents.messages.life import TimerRang
from lab_agents.records.ticket import Ticket, Trouble
from tests.model_lab import START
from tests.story import Story

OPENED = TicketOpened(
    ticket=Ticket(id="ticket-2", subject="s", raised_by="robot", trouble=Trouble(what="w", default="clear"))
)


def ring(story: Story):
    """Let the person's timer ring."""
    (timer,) = story.state.timers()
    return story.tell("person", TimerRang(purpose=timer.purpose, due=timer.due), subject=timer.subject)


def test_a_ticket_is_answered_by_its_default_after_a_while():
    story = Story(SimulatedPerson("person"))
    assert story.tell("supervision", OPENED) == ()
    (timer,) = story.state.timers()
    assert timer.due == START + timedelta(seconds=2 + 600)
    (answer,) = ring(story)
    assert isinstance(answer, AnswerTicket)
    assert (answer.ticket, answer.answer, answer.person) == ("ticket-2", "clear", "person")
    assert story.state.timers() == ()


def test_a_ticket_that_somebody_else_answered_is_left_alone():
    story = Story(SimulatedPerson("person"))
    story.tell("supervision", OPENED)
    story.tell("supervision", TicketClosed(ticket="ticket-2", answer="done", person="ada"))
    assert story.state.timers() == ()


def test_an_award_that_needs_an_approval_gets_it():
    story = Story(SimulatedPerson("person"))
    award = WorkAwarded(work="w", round=2, bidder="line_a", bid=3, score=1.0, reason="r", needs_approval=True)
    story.tell("planning", award)
    (approval,) = ring(story)
    assert isinstance(approval, GiveApproval)
    assert (approval.work, approval.round) == ("w", 2)


def test_other_awards_are_no_errand():
    story = Story(SimulatedPerson("person"))
    story.tell("planning", WorkAwarded(work="w", round=1, bidder="line_a", bid=3, score=1.0, reason="r"))
    assert story.state.timers() == ()


LOW = TicketOpened(
    ticket=Ticket(
        id="ticket-2",
        subject="tips",
        raised_by="handler",
        trouble=Trouble(
            what="w", evidence={"consumable": "tips"}, remedies=("loaded", "not loaded"), default="not loaded"
        ),
    )
)


@pytest.mark.parametrize(
    ("outcome", "answer", "count"),
    [
        (JobOutcome(ok=True, answer="96.0"), "loaded", 96.0),
        (JobOutcome(ok=False, error="there is no such tray"), "not loaded", None),
    ],
)
def test_a_tray_is_loaded_by_hand_and_the_count_is_the_answer(outcome, answer, count):
    """The hands work once the person has come, and until the answer stands in the log."""
    story = Story(SimulatedPerson("person"))
    story.tell("supervision", LOW)
    assert story.state.jobs() == ()
    assert ring(story) == ()
    (job,) = story.state.jobs()
    assert (job.kind, json.loads(job.arguments)) == ("load", {"ticket": "ticket-2", "consumable": "tips"})
    (draft,) = story.conclude(job, outcome)
    assert (draft.body.answer, draft.body.count) == (answer, count)
    story.tell("person", draft.body, subject=draft.subject)
    assert story.state.jobs() == ()
