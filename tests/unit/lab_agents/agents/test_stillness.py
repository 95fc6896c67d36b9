"""A laboratory in which work waits and nothing moves, told to supervision entry by entry."""

from datetime import timedelta

from lab_agents.agents.stillness import STILL, Stillness
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket, StartCampaign
from lab_agents.messages.course import CampaignPaused, CampaignResumed, CampaignStarted, TicketOpened
from lab_agents.messages.life import TimerRang, TroubleMet
from lab_agents.messages.work import TaskFailed, TaskStarted
from lab_agents.records.ticket import Trouble
from tests.model_lab import START, laboratory, plan
from tests.story import Story, proposal
from tests.unit.lab_agents.agents.test_stalls import TASK

BLEND = (0.25, 0.25, 0.25, 0.25)
TROUBLE = Trouble(what="w", remedies=("seen",), default="seen")


def waiting(**settings: object) -> Story:
    """Supervision of a campaign whose only work is offered to nobody who answers."""
    lab = laboratory()
    declared = lab.agents["supervision"].model_copy(update={"settings": settings})
    lab = lab.model_copy(update={"agents": {**lab.agents, "supervision": declared}})
    story = Story(Supervision("supervision"), lab)
    story.tell("ada", StartCampaign(plan=plan(), person="ada"), campaign=None)
    story.tell("supervision", CampaignStarted(plan=plan(), person="ada"))
    story.tell("planning", proposal(BLEND))
    return story


def still(story: Story) -> list:
    """The timers of standstills that are wanted."""
    return [t for t in story.state.timers() if t.purpose == STILL]


def ring(story: Story, timer) -> tuple:
    """The timer's entry; what supervision says."""
    return story.tell("supervision", TimerRang(purpose=STILL, due=timer.due), subject=timer.subject, campaign=None)


def test_work_that_nobody_takes_is_a_ticket_after_half_an_hour():
    story = waiting()
    (timer,) = still(story)
    assert timer.due == START + timedelta(seconds=story.position, minutes=30)
    (opened,) = ring(story, timer)
    assert isinstance(opened, TicketOpened)
    assert "make-opv-0001 is offered" in opened.ticket.trouble.evidence["waiting"]
    assert still(story) == []


def test_the_ticket_of_a_standstill_ends_when_something_moves():
    story = waiting()
    (opened,) = ring(story, still(story)[0])
    (closed,) = story.tell("planning", proposal(BLEND, first=2))
    assert (closed.ticket, closed.answer, closed.person) == (opened.ticket.id, "seen", "nobody")
    assert len(still(story)) == 1


def test_nothing_is_told_twice_until_something_moves():
    story = waiting()
    (timer,) = still(story)
    (opened,) = ring(story, timer)
    story.tell("ada", AnswerTicket(ticket=opened.ticket.id, answer="seen", person="ada"), campaign=None)
    assert still(story) == []
    assert ring(story, timer) == ()
    story.tell("planning", proposal(BLEND, first=2))
    assert len(still(story)) == 1


def test_a_task_under_way_an_open_ticket_or_a_pause_is_no_standstill():
    story = waiting()
    story.tell("tester", TaskStarted(task=TASK))
    assert still(story) == []
    story.tell("tester", TaskFailed(task=TASK.id, work="w", sample="s", step=0, owner="tester", cause="c"))
    (timer,) = still(story)
    story.tell("line_a", TroubleMet(trouble=TROUBLE))
    assert still(story) == []
    assert ring(story, timer) == ()
    (ticket,) = story.state.tickets.open
    story.tell("ada", AnswerTicket(ticket=ticket, answer="seen", person="ada"), campaign=None)
    assert len(still(story)) == 1
    story.tell("supervision", CampaignPaused(reason="r"))
    assert still(story) == []
    story.tell("supervision", CampaignResumed(reason="r"))
    assert len(still(story)) == 1


def test_a_setting_makes_it_sooner_or_never():
    (timer,) = still(waiting(quiet_minutes=5.0))
    assert timer.due < START + timedelta(minutes=6)
    assert still(waiting(quiet_minutes=0.0)) == []
    assert Stillness().due(30.0) is None
