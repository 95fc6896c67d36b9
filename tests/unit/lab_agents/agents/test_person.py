"""The simulated person."""

from datetime import timedelta

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
