"""What supervision meets outside the log."""

from lab_agents.agents.senses import (
    sense_behind,
    sense_dead_letters,
    sense_deaf,
    sense_guard,
    sense_silence,
    sense_status,
)
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket
from lab_agents.messages.course import AgentDeclaredIn, AgentDeclaredOut, DrillPassed, Rearmed, StopRecorded
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head, Rearm, StopRequest
from lab_agents.messages.life import AgentStarted, TroubleMet
from lab_agents.notify.pending import ChannelState
from tests.model_lab import START
from tests.story import Story

STOP = StopRequest(id="stop-1", person="ada", reason="smoke", at=START)
REARM = Rearm(stop="stop-1", person="ada", reason="no smoke", at=START)


def told(*bodies) -> Story:
    """Supervision that was told these entries."""
    story = Story(Supervision("supervision"))
    for body in bodies:
        story.tell("supervision", body, subject="x", campaign=None)
    return story


def test_a_silent_agent_is_declared_out_under_one_name_until_it_is_back():
    story = told(AgentStarted(agent="line_a", epoch=1, version="1"))
    (sense,) = sense_silence(story.state, "line_a", 31.0)
    (again,) = sense_silence(story.state, "line_a", 99.0)
    assert sense.name == again.name == "out/line_a-2"
    assert isinstance(sense.drafts[0].body, AgentDeclaredOut)
    story.tell("supervision", sense.drafts[0].body, subject="line_a", campaign=None)
    assert sense_silence(story.state, "line_a", 99.0) == ()
    assert sense_silence(story.state, "stranger", 99.0) == ()


def test_the_next_silence_has_another_name():
    out, back = AgentDeclaredOut(agent="line_a", reason="r"), AgentDeclaredIn(agent="line_a")
    (sense,) = sense_silence(told(out, back).state, "line_a", 31.0)
    assert sense.name == "out/line_a-3"


def test_an_agent_is_in_again_when_it_has_caught_up():
    state = told(AgentDeclaredOut(agent="line_a", reason="r")).state
    status = AgentStatus(agent="line_a", epoch=2, position=9)
    (sense,) = sense_status(state, status, head=9)
    assert isinstance(sense.drafts[0].body, AgentDeclaredIn)
    assert sense_status(state, status, head=10) == ()
    assert sense_status(state, status.model_copy(update={"alive": False}), head=9) == ()
    assert sense_status(state, status.model_copy(update={"stuck": "stuck at 3"}), head=9) == ()
    assert sense_status(told().state, status, head=9) == ()


def test_an_agent_that_takes_nothing_is_a_ticket_for_each_place_where_it_stays():
    status = AgentStatus(agent="line_a", epoch=2, position=4, pid=17)
    (sense,) = sense_behind(told().state, status, head=9, seconds=31.0)
    assert sense.name == "behind/line_a-2-4"
    assert sense.drafts[0].body.trouble.evidence["head"] == "9"
    assert sense_behind(told().state, status, head=4, seconds=31.0) == ()
    assert sense_behind(told().state, status.model_copy(update={"agent": "stranger"}), head=9, seconds=31.0) == ()
    assert sense_behind(told(AgentDeclaredOut(agent="line_a", reason="r")).state, status, head=9, seconds=31.0) == ()


def test_a_stop_and_its_re_arm_are_entered_once_each():
    guard = GuardStatus(machine="main", epoch=1, pid=1, stops=(STOP,))
    (stop,) = sense_guard(told().state, guard)
    assert isinstance(stop.drafts[0].body, StopRecorded)
    story = told(stop.drafts[0].body)
    assert sense_guard(story.state, guard) == ()
    (rearm,) = sense_guard(story.state, GuardStatus(machine="main", epoch=1, pid=1, rearms=(REARM,)))
    assert isinstance(rearm.drafts[0].body, Rearmed)
    story.tell("supervision", rearm.drafts[0].body, subject="main", campaign=None)
    assert sense_guard(story.state, GuardStatus(machine="main", epoch=1, pid=1, rearms=(REARM,))) == ()


def test_a_stop_that_was_lifted_while_supervision_was_away_is_still_entered():
    senses = sense_guard(told().state, GuardStatus(machine="main", epoch=1, pid=1, rearms=(REARM,)))
    assert [type(s.drafts[0].body) for s in senses] == [Rearmed]


def test_a_drill_that_passed_is_entered_once():
    drill = STOP.model_copy(update={"id": "drill-1"})
    guard = GuardStatus(machine="main", epoch=1, pid=1, drilled=drill)
    (sense,) = sense_guard(told().state, guard)
    body = sense.drafts[0].body
    assert body == DrillPassed(drill="drill-1", person="ada", machine="main", held_at=START)
    assert sense_guard(told(body).state, guard) == ()


def test_dead_letters_are_one_ticket_until_it_is_answered():
    head = Head(log="l", position=1, chain="0" * 64, recorder=3, dead_letters=2, dead_letter="a" * 64)
    story = told()
    assert sense_dead_letters(story.state, head.model_copy(update={"dead_letters": 0})) == ()
    (sense,) = sense_dead_letters(story.state, head)
    assert sense.name == "dead/3-2"
    story.tell("supervision", sense.drafts[0].body, subject="recorder", campaign=None)
    assert sense_dead_letters(story.state, head.model_copy(update={"dead_letters": 9})) == ()
    (ticket,) = story.state.tickets.open
    answer = AnswerTicket(ticket=ticket, answer="seen", person="ada")
    story.tell("once-1", answer, subject=ticket, campaign=None)
    assert [s.name for s in sense_dead_letters(story.state, head.model_copy(update={"dead_letters": 9}))] == [
        "dead/3-9"
    ]


def test_a_held_child_is_trouble():
    guard = GuardStatus(machine="main", epoch=4, pid=1, held={"line_a": "five ends in a minute"})
    (sense,) = sense_guard(told().state, guard)
    assert sense.name == "held/main-4-line_a"
    assert isinstance(sense.drafts[0].body, TroubleMet)


def test_a_channel_that_takes_nothing_is_one_ticket_for_each_time_it_fails():
    story = told()
    channel = ChannelState(name="phone", n_waiting=3, failing_since="2026-11-24T12:00:00+00:00", error="refused")
    (sense,) = sense_deaf(story.state, channel)
    (draft,) = sense.drafts
    assert sense.name == "deaf/phone-20261124T120000Z"
    assert draft.subject == "channel-phone"
    assert draft.body.trouble.what == "Nobody is told anything by phone: it takes nothing"
    assert draft.body.trouble.evidence == {"since": channel.failing_since, "error": "refused", "waiting": "3"}
    (ticket,) = story.tell("supervision", draft.body, subject=draft.subject, campaign=None)
    story.tell("supervision", ticket, subject=draft.subject, campaign=None)
    assert sense_deaf(story.state, channel) == ()
