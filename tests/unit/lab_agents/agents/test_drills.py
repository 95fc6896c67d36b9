"""Drills of the emergency stop, told to supervision entry by entry."""

from datetime import timedelta

from lab_agents.agents.drills import DRILL
from lab_agents.agents.stillness import STILL
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket, StartCampaign
from lab_agents.messages.course import CampaignStarted, DrillPassed, TicketClosed, TicketOpened
from lab_agents.messages.life import LabChanged, Timer, TimerRang
from lab_agents.records.drills import Drills
from tests.model_lab import START, laboratory, plan
from tests.story import Story, proposal

DRILLS = Drills(every="7 d", person="ada")
WEEK = timedelta(days=7)


def asked(drills: Drills | None = DRILLS, machines: tuple[str, ...] = ("main",)):
    """The model laboratory, with drills."""
    return laboratory().model_copy(update={"drills": drills, "machines": machines})


def watching(**changes: object) -> Story:
    """Supervision of a laboratory that asks for drills."""
    return Story(Supervision("supervision"), asked(**changes))


def wanted(story: Story) -> list[Timer]:
    """The timers of drills."""
    return [timer for timer in story.state.timers() if timer.purpose == DRILL]


def ring(story: Story) -> tuple:
    """The timer's entry; what supervision says."""
    (timer,) = wanted(story)
    return story.tell("supervision", TimerRang(purpose=DRILL, due=None), subject=timer.subject, campaign=None)


def passed(story: Story, *, days: float = 0.0, machine: str = "main") -> tuple:
    """A guard's report of a drill, so many days after the entries' time."""
    body = DrillPassed(drill=f"drill-{days}", person="ada", machine=machine, held_at=START + timedelta(days=days))
    return story.tell("supervision", body, subject=machine, campaign=None)


def test_a_laboratory_that_asks_for_no_drills_is_told_of_none():
    assert wanted(watching(drills=None)) == []


def test_a_laboratory_that_never_was_drilled_is_told_at_once_and_once():
    story = watching()
    (timer,) = wanted(story)
    assert timer.until == START
    (opened,) = ring(story)
    assert isinstance(opened, TicketOpened)
    assert "drill overdue" in opened.ticket.trouble.what
    assert "never tried" in opened.ticket.trouble.what
    assert opened.ticket.deadline is None, "a drill ends it, not the time"
    assert wanted(story) == []


def test_the_ticket_ends_by_itself_when_a_drill_has_passed_and_the_next_is_due_an_interval_later():
    story = watching()
    (opened,) = ring(story)
    (closed,) = passed(story)
    assert isinstance(closed, TicketClosed)
    assert (closed.ticket, closed.person, closed.note) == (opened.ticket.id, "nobody", "what it told of has ended")
    (timer,) = wanted(story)
    assert timer.until == START + WEEK


def test_every_machine_must_have_passed():
    story = watching(machines=("main", "oven"))
    ring(story)
    assert passed(story) == ()
    assert isinstance(passed(story, machine="oven")[0], TicketClosed)


def test_a_drill_so_long_ago_that_the_next_is_due_ends_no_ticket():
    story = watching()
    ring(story)
    assert passed(story, days=-8) == ()


def test_a_ring_that_a_drill_overtook_is_no_ticket():
    story = watching()
    (timer,) = wanted(story)
    passed(story)
    rang = TimerRang(purpose=DRILL, due=None)
    assert story.tell("supervision", rang, subject=timer.subject, campaign=None) == ()


def test_whoever_has_seen_it_is_not_told_again():
    story = watching()
    (opened,) = ring(story)
    seen = AnswerTicket(ticket=opened.ticket.id, answer="seen", person="ada")
    assert isinstance(story.tell("ada", seen, campaign=None)[0], TicketClosed)
    assert wanted(story) == []
    assert passed(story) == (), "the ticket is closed already"


def test_a_lab_file_that_asks_no_more_ends_the_ticket():
    story = watching()
    ring(story)
    changed = LabChanged(laboratory=asked(None), file="1" * 64, version="1")
    assert isinstance(story.tell("recorder", changed, campaign=None)[0], TicketClosed)


def test_an_overdue_drill_hides_no_standstill():
    story = watching()
    ring(story)
    story.tell("ada", StartCampaign(plan=plan(), person="ada"), campaign=None)
    story.tell("supervision", CampaignStarted(plan=plan(), person="ada"))
    story.tell("planning", proposal((0.25, 0.25, 0.25, 0.25)))
    assert [timer for timer in story.state.timers() if timer.purpose == STILL]
