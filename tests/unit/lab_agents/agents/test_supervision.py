"""Supervision: tickets, commands, the agents' coming and going."""

from datetime import timedelta

import pytest

from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket, StartCampaign
from lab_agents.messages.course import AgentDeclaredOut, TicketClosed, TicketOpened
from lab_agents.messages.life import EntryRefused, LabOpened, TimerRang, TroubleMet
from lab_agents.messages.work import SampleQuarantined
from lab_agents.records.ticket import Trouble
from tests.model_lab import START, laboratory, plan, sha
from tests.story import Story

TROUBLE = TroubleMet(trouble=Trouble(what="the lamp is dark", remedies=("seen",), default="seen"))


def story() -> Story:
    """Supervision of a laboratory."""
    return Story(Supervision("supervision"))


def test_a_trouble_becomes_one_ticket():
    one = story()
    (opened,) = one.tell("tester", TROUBLE, subject="opv-0001")
    assert isinstance(opened, TicketOpened)
    assert (opened.ticket.id, opened.ticket.raised_by, opened.ticket.subject) == ("ticket-2", "tester", "opv-0001")
    assert one.tell("tester", TROUBLE, subject="opv-0001") == ()
    assert "the lamp is dark" in one.state.waits()["ticket-2"]


def test_an_answer_closes_the_ticket_and_a_second_one_is_a_note():
    one = story()
    one.tell("tester", TROUBLE, subject="opv-0001")
    (closed,) = one.tell("once-1", AnswerTicket(ticket="ticket-2", answer="seen", person="ada"))
    assert isinstance(closed, TicketClosed)
    assert (closed.answer, closed.person) == ("seen", "ada")
    (note,) = one.tell("once-2", AnswerTicket(ticket="ticket-2", answer="seen", person="bob"))
    assert isinstance(note, TroubleMet)
    assert note.trouble.severity == "note"


def test_a_refused_frame_of_a_stranger_becomes_a_ticket():
    one = story()
    (opened,) = one.tell("recorder", EntryRefused(source="intruder", sequence=1, reason="no JSON", raw=sha("x")))
    assert opened.ticket.raised_by == "intruder"
    assert opened.ticket.trouble.evidence == {"raw": sha("x")}


def test_a_refused_frame_of_an_agent_is_reported_by_itself():
    assert story().tell("recorder", EntryRefused(source="line_a", sequence=1, reason="r", raw=sha("x"))) == ()


def test_an_agent_that_is_declared_out_is_a_ticket():
    one = story()
    (opened,) = one.tell("supervision", AgentDeclaredOut(agent="line_a", reason="silent for 31 s"), subject="line_a")
    assert "line_a is declared out" in opened.ticket.trouble.what
    assert one.state.out == {"line_a"}


@pytest.mark.parametrize(
    ("places", "answer", "is_left"),
    [
        (("stage_a", "rack_1"), "discard", False),
        (("stage_a", "rack_1"), "done", False),
        (("stage_a", "rack_1"), "not done", True),
        (("stage_a", "rack_1"), "clear", True),
        (("rack_1", "rack_2"), "clear", False),
        (("stage_a",), "not done", False),
        (("stage_a",), "done", True),
        (("stage_a",), "seen", True),
    ],
)
def test_a_lost_sample_is_left_until_it_is_gone_or_in_the_rack(places, answer, is_left):
    one = story()
    one.tell("line_a", SampleQuarantined(sample="s", work="make-s", reason="r", places=places))
    one.tell("supervision", TicketClosed(ticket="t", answer=answer, person="ada"), subject="s")
    assert ("s" in one.state.lost) == is_left


def test_a_campaign_that_the_laboratory_cannot_serve_is_refused_with_a_note():
    one = story()
    (note,) = one.tell("once-1", StartCampaign(plan=plan(measurements=("diffraction",)), person="ada"), subject="opv")
    assert isinstance(note, TroubleMet)
    assert "cannot measure diffraction; it can measure transmission_trace" in note.trouble.what
    assert one.state.campaign is None
    assert one.state.timers() == ()


def attended(**settings: float) -> Story:
    """Supervision of a laboratory with real people."""
    lab = laboratory()
    agents = {name: agent for name, agent in lab.agents.items() if agent.role != "person"}
    agents["supervision"] = agents["supervision"].model_copy(update={"settings": settings})
    one = story()
    one.tell("recorder", LabOpened(laboratory=lab.model_copy(update={"agents": agents}), file=sha("l"), version="1"))
    return one


@pytest.mark.parametrize(("settings", "hours"), [({}, 24.0), ({"ticket_hours": 1.5}, 1.5)])
def test_a_ticket_that_nobody_answers_gets_its_default_at_its_deadline(settings, hours):
    """The deadline counts from when the trouble was recorded, by the wall, so that a restart does not put it off."""
    one = attended(**settings)
    (opened,) = one.tell("tester", TROUBLE, subject="opv-0001")
    assert opened.ticket.deadline == START + timedelta(hours=hours)
    (timer,) = one.state.timers()
    assert (timer.subject, timer.until) == (opened.ticket.id, opened.ticket.deadline)
    assert (timer.due, timer.wall) == (None, None), "the simulated clock is never moved to it"
    (closed,) = one.tell("supervision", TimerRang(purpose="deadline", due=None), subject=opened.ticket.id)
    assert (closed.answer, closed.person) == ("seen", "nobody")
    assert "nobody answered until 2026-01-" in closed.note
    assert one.state.timers() == ()
    assert one.tell("supervision", TimerRang(purpose="deadline", due=None), subject=opened.ticket.id) == ()


def test_an_answer_before_the_deadline_counts():
    one = attended()
    (opened,) = one.tell("tester", TROUBLE, subject="opv-0001")
    (closed,) = one.tell("once-1", AnswerTicket(ticket=opened.ticket.id, answer="seen", person="ada"))
    assert closed.person == "ada"
    assert one.tell("supervision", TimerRang(purpose="deadline", due=None), subject=opened.ticket.id) == ()


@pytest.mark.parametrize("trouble", [{"default": "clear", "remedies": ("clear", "discard")}, {"remedies": ("a",)}])
def test_a_ticket_without_a_harmless_default_waits(trouble):
    one = attended()
    (opened,) = one.tell("line_a", TroubleMet(trouble=Trouble(what="where is it?", **trouble)), subject="s")
    assert opened.ticket.deadline is None
    assert one.state.timers() == ()


def test_no_ticket_has_a_deadline_where_nobody_wants_one():
    """With `ticket_hours: 0`, and where a simulated person answers in laboratory time."""
    (opened,) = attended(ticket_hours=0).tell("tester", TROUBLE, subject="s")
    assert opened.ticket.deadline is None
    (opened,) = story().tell("tester", TROUBLE, subject="s")
    assert opened.ticket.deadline is None


def test_a_timer_of_somebody_else_closes_no_ticket():
    one = attended()
    (opened,) = one.tell("tester", TROUBLE, subject="s")
    assert one.tell("line_a", TimerRang(purpose="deadline", due=None), subject=opened.ticket.id) == ()
    assert set(one.state.tickets.open) == {opened.ticket.id}
