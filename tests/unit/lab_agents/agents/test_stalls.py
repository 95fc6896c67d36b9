"""Tasks that outlive what was learned of them, told to supervision entry by entry."""

import random
from datetime import timedelta

import pytest
from scipy import stats

from lab_agents.agents.learning import Experience, learn_durations
from lab_agents.agents.stalls import GRACE, longest_duration, student99
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket
from lab_agents.messages.course import CampaignPaused, CampaignResumed, TicketClosed, TicketOpened
from lab_agents.messages.life import AgentStarted, TimerRang
from lab_agents.messages.work import ReservationReleased, TaskDone, TaskFailed, TaskStarted
from lab_agents.records.recipe import Act, ActResult, Task
from tests.model_lab import START
from tests.story import Story

SOAK = Act(instrument="tester", plan="soak")
TASK = Task(id="make-1/0", work="make-1", sample="s", step=0, name="soak", owner="tester", acts=(SOAK,))


def result(act: int, seconds: float, begin: float = 0.0) -> ActResult:
    """An act that took so long."""
    began = START + timedelta(seconds=begin)
    return ActResult(act=act, token="0" * 16, run="r", started_at=began, ended_at=began + timedelta(seconds=seconds))


def begun() -> Story:
    """Supervision that knows of one task under way."""
    story = Story(Supervision("supervision"))
    story.tell("tester", TaskStarted(task=TASK))
    return story


def ring(story: Story, timer) -> tuple:
    """The timer's entry; what supervision says."""
    body = TimerRang(purpose=timer.purpose, due=timer.due)
    return story.tell("supervision", body, subject=timer.subject, campaign=None)


ENDS = (
    TaskDone(task=TASK.id, work="make-1", sample="s", step=0, owner="tester", results=(result(0, 3600.0),)),
    TaskFailed(task=TASK.id, work="make-1", sample="s", step=0, owner="tester", cause="c"),
    ReservationReleased(work="make-1", places=()),
)


@pytest.mark.parametrize("freedom", [4, 5, 10, 50, 1000])
def test_students_percentile_agrees_with_another_program(freedom: int):
    assert student99(freedom) == pytest.approx(stats.t.ppf(0.99, freedom), abs=0.03)


@pytest.mark.parametrize("n", [3, 10])
def test_one_in_a_hundred_tasks_lasts_longer_than_its_percentile_at_most(n: int):
    """However few acts the spread was learned from; the tasks are three acts of two plans."""
    rng, late, of = random.Random(n), 0, 200
    acts = (SOAK, Act(instrument="robot", plan="transfer"), SOAK)
    scale = {"soak": 3600.0, "transfer": 30.0}
    for _ in range(of):
        known = Experience()
        for _ in range(n):
            drawn = [result(i, scale[a.plan] * rng.lognormvariate(0, 0.3)) for i, a in enumerate(acts)]
            known = learn_durations(known, acts, drawn)
        late += sum(scale[a.plan] * rng.lognormvariate(0, 0.3) for a in acts) > longest_duration(known, acts, {})
    assert late / of < 0.02


def test_what_is_always_as_long_is_soon_known_to_be():
    known = Experience()
    for _ in range(200):
        known = learn_durations(known, (SOAK,), (result(0, 3600.0),))
    assert 3600 < longest_duration(known, (SOAK,), {}) < 1.15 * 3600


def test_a_task_that_says_how_long_it_takes_is_given_that():
    anneal = Act(instrument="hotplate", plan="anneal", arguments={"duration": 5000.0})
    assert longest_duration(Experience(), (anneal,), {}) > 5000
    still = Act(instrument="tester", plan="soak")
    assert longest_duration(Experience(), (still,), {"prior_soak": 0.0}) == 0


def test_an_overdue_task_is_a_ticket_once_with_its_evidence():
    story = begun()
    (timer,) = story.state.timers()
    stall = story.state.stalls.running[TASK.id]
    assert timer.due == stall.begun_at + timedelta(seconds=stall.longest + GRACE)
    (opened,) = ring(story, timer)
    assert isinstance(opened, TicketOpened)
    assert opened.ticket.trouble.default == "seen"
    assert opened.ticket.trouble.evidence["instruments"] == "tester"
    assert story.state.stalls.timers == ()
    assert ring(story, timer) == ()


@pytest.mark.parametrize("end", ENDS)
def test_a_task_that_ended_is_no_ticket_although_its_timer_rang(end):
    story = begun()
    (timer,) = story.state.timers()
    story.tell("tester", end)
    assert story.state.stalls.timers == ()
    assert ring(story, timer) == ()


@pytest.mark.parametrize("end", ENDS)
def test_the_ticket_of_a_task_that_ends_after_all_ends_with_it(end):
    """Nobody needs to look any more, and another ticket of the same task can be told from it."""
    story = begun()
    (opened,) = ring(story, story.state.timers()[0])
    (closed,) = story.tell("tester", end)
    assert closed == TicketClosed(
        ticket=opened.ticket.id, answer="seen", person="nobody", note="what it told of has ended"
    )
    assert story.state.tickets.open == {}


def test_a_ticket_that_a_person_answered_does_not_end_again():
    story = begun()
    (opened,) = ring(story, story.state.timers()[0])
    said = AnswerTicket(ticket=opened.ticket.id, answer="seen", person="ada")
    (closed,) = story.tell("ada", said, campaign=None)
    assert closed.person == "ada"
    assert story.tell("tester", ENDS[0]) == ()


def test_another_attempt_has_a_timer_of_its_own():
    story = begun()
    (first,) = story.state.timers()
    story.tell("tester", TaskFailed(task=TASK.id, work="make-1", sample="s", step=0, owner="tester", cause="c"))
    story.tell("tester", TaskStarted(task=TASK.model_copy(update={"attempt": 1})))
    (second,) = story.state.timers()
    assert (first.purpose, second.purpose) == ("overdue-0", "overdue-1")
    assert ring(story, first) == ()
    assert len(ring(story, second)) == 1


PAUSED = CampaignPaused(reason="ada")


def test_a_task_that_a_pause_may_stop_between_two_acts_is_not_overdue_before_it_goes_on():
    story = Story(Supervision("supervision"))
    story.tell("line_a", TaskStarted(task=TASK.model_copy(update={"acts": (SOAK, SOAK)})))
    (before,) = story.state.timers()
    story.tell("supervision", PAUSED)
    assert story.state.timers() == ()
    story.tell("tester", AgentStarted(agent="tester", epoch=2, version="0"), campaign=None)
    story.tell("supervision", CampaignResumed())
    (after,) = story.state.timers()
    assert after.due - before.due == timedelta(seconds=2)


@pytest.mark.parametrize("chained", [False, True])
def test_what_ends_by_itself_is_watched_also_during_a_pause(chained: bool):
    """One act that was begun before it, or any that may wait only for a short time."""
    story = Story(Supervision("supervision"))
    acts, until = ((SOAK, SOAK), START) if chained else ((SOAK,), None)
    story.tell("tester", TaskStarted(task=TASK.model_copy(update={"acts": acts, "not_after": until})))
    watched = story.state.timers()
    story.tell("supervision", PAUSED)
    assert story.state.timers() == watched


def test_a_task_whose_start_comes_after_the_pause_is_not_watched():
    story = Story(Supervision("supervision"))
    story.tell("supervision", PAUSED)
    story.tell("tester", TaskStarted(task=TASK))
    assert story.state.timers() == ()
    story.tell("supervision", CampaignResumed())
    assert len(story.state.timers()) == 1
