"""What the display knows."""

from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.bus.protocol import Message
from lab_agents.display.scene import Scene
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head, Tick
from lab_agents.messages.topics import Topics
from lab_agents.report.truth import Truth
from tests.told_absorber import tell_absorber
from tests.told_campaign import START, example, tell_campaign

TOPICS = Topics("opv_replay")


def heard(scene, name, record, **parts):
    scene.hear(Message(TOPICS.build(name, **parts), record.model_dump_json().encode()))


@pytest.fixture
def scene():
    campaign = example()
    scene = Scene(TOPICS, Truth(campaign.data, campaign.plan.target))
    for logged in tell_campaign(12, failing=5):
        scene.take_entry(logged)
    return scene


def test_counts_best_and_regret_come_from_the_log(scene):
    assert scene.counts == {"proposed": 12, "made": 11, "measured": 11, "observed": 11, "failed": 1, "hits": 11}
    assert scene.best == scene.account.best(1)[0]
    assert scene.regret >= 0


def test_an_older_process_does_not_speak_for_a_newer_one():
    scene = Scene(TOPICS)
    heard(scene, "agent_status", AgentStatus(agent="line_a", epoch=5, activity="doses"), source="line_a")
    heard(scene, "agent_status", AgentStatus(agent="line_a", epoch=4, alive=False), source="line_a")
    assert scene.agents["line_a"].activity == "doses"


def test_nonsense_on_the_bus_is_passed_over():
    scene = Scene(TOPICS)
    for topic in ("lab/opv_replay/agents/x/status", "lab/opv_replay/clock", "elsewhere", "lab/other/head"):
        scene.hear(Message(topic, b"\xff nonsense"))
    assert (scene.agents, scene.tick, scene.head) == ({}, None, None)


def test_laboratory_time_runs_with_the_clock(scene):
    assert scene.lab_now == scene.account.last_at
    heard(scene, "clock", Tick(now=START + timedelta(days=9), number=1))
    assert scene.lab_elapsed == timedelta(days=9)


def test_what_a_person_should_see_at_once_is_an_alarm():
    scene = Scene(TOPICS)
    guard = GuardStatus(
        machine="main", epoch=1, pid=1, latched="stop-7", held={"line_b": "ended 5 times"}, lost=("robot",)
    )
    heard(scene, "guard_status", guard, machine="main")
    heard(scene, "agent_status", AgentStatus(agent="line_a", epoch=1, stuck="stuck at 12"), source="line_a")
    heard(scene, "head", Head(log="l", position=1, chain="0" * 64, recorder=1, refusing="disk full"))
    alarms = "\n".join(scene.alarms)
    for words in (
        "STOPPED by stop-7",
        "lab-agents rearm stop-7",
        "line_b is held",
        "robot is silent",
        "stuck at 12",
        "disk full",
    ):
        assert words in alarms


def test_a_guard_that_is_gone_is_an_alarm():
    scene = Scene(TOPICS)
    heard(scene, "guard_status", GuardStatus(machine="main", epoch=1, pid=1, alive=False), machine="main")
    assert "its guard is gone" in scene.alarms[0]
    scene.is_resting = True
    assert scene.alarms == [], "an end in order is none"


def test_open_tickets_say_what_may_be_answered():
    scene = Scene(TOPICS)
    for logged in tell_campaign(12, failing=5):
        if logged.entry.kind == "TicketClosed":
            break
        scene.take_entry(logged)
    assert scene.open_tickets == ["ticket-1: dispenser_b: channel 3 is clogged (answers: done, not done, discard)"]


def test_an_open_ticket_with_a_deadline_says_what_is_taken_then():
    scene = Scene(TOPICS)
    for logged in tell_campaign(12, failing=5):
        body = logged.entry.record
        if logged.entry.kind == "TicketOpened":
            ticket = body.ticket.model_copy(update={"deadline": START + timedelta(days=1)})
            entry = logged.entry.model_copy(update={"record": body.model_copy(update={"ticket": ticket})})
            logged = logged.model_copy(update={"entry": entry})
        if logged.entry.kind == "TicketClosed":
            break
        scene.take_entry(logged)
    (line,) = scene.open_tickets
    assert line.endswith(f"discard; on {START + timedelta(days=1):%Y-%m-%d %H:%M} UTC: {ticket.trouble.default})")


def test_an_empty_scene_can_be_asked_everything():
    scene = Scene(TOPICS)
    assert (scene.best, scene.regret, scene.lab_now, scene.alarms, scene.open_tickets) == (None, None, None, [], [])
    assert scene.lab_elapsed == timedelta()
    assert scene.wall_elapsed >= timedelta()
    assert datetime.now(UTC) > START


def test_before_the_first_hit_the_nearest_sample_is_known(tmp_path):
    scene = Scene(Topics("thin_film"))
    log = tell_absorber(tmp_path, 12)
    for logged in log[: len(log) // 3]:
        scene.take_entry(logged)
    assert scene.best is None
    assert not scene.nearest.is_hit
    for logged in log[len(log) // 3 :]:
        scene.take_entry(logged)
    assert scene.best == scene.nearest
    assert (scene.counts["hits"], scene.counts["observed"]) == (1, 11)
