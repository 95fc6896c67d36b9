"""The live picture."""

import io
from datetime import timedelta

import pytest
from hypothesis import example as such_as
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lab_agents.bus.protocol import Message
from lab_agents.display.live import Picture
from lab_agents.display.scene import Scene
from lab_agents.messages.frames import AgentStatus, GuardStatus, Tick
from lab_agents.messages.topics import Topics
from lab_agents.records.motion import Motion
from lab_agents.report.truth import Truth
from tests.told_absorber import tell_absorber
from tests.told_campaign import START, example, tell_campaign, tell_paused

TOPICS = Topics("opv_replay")


def drawn(scene, width=120):
    out = io.StringIO()
    Console(width=width, file=out).print(Picture(scene))
    return out.getvalue()


def heard(scene, name, record, **parts):
    scene.hear(Message(TOPICS.build(name, **parts), record.model_dump_json().encode()))


@pytest.fixture
def scene():
    campaign = example()
    scene = Scene(TOPICS, Truth(campaign.data, campaign.plan.target))
    for logged in tell_campaign(12, failing=5)[:-2]:
        scene.take_entry(logged)
    return scene


def test_the_picture_shows_budget_best_and_regret(scene):
    text = drawn(scene)
    for words in ("opv_blend: minimize degradation", "11 of 60 concluded", "1 failed", "best", scene.best.id, "regret"):
        assert words in text


def test_each_agent_says_what_it_does_and_why_it_waits(scene):
    motion = Motion(instrument="tester", token="0" * 16, plan="soak", until=START + timedelta(hours=1))
    status = AgentStatus(
        agent="tester", epoch=1, activity="soaks opv_blend-0003", motions=(motion,),
        waits={"opv_blend-0004": "stage_t is occupied", "opv_blend-0005": "the same"},
    )  # fmt: skip
    heard(scene, "agent_status", status, source="tester")
    text = drawn(scene)
    for words in (
        "soaks opv_blend-0003",
        "soak until 01:00:00",
        "opv_blend-0004: stage_t is occupied (+1)",
        "dispenser_b",
    ):
        assert words in text


SAID = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(SAID)
@such_as("[/]")
@such_as("[Errno 2] no such file [type=value_error]")
def test_whatever_agents_and_guards_say_is_shown_as_it_is(said):
    """Brackets are no markup, and no reason to end."""
    scene = Scene(TOPICS)
    motion = Motion(instrument="tester", token="0" * 16, plan="soak")
    for logged in tell_campaign(1)[:1]:
        scene.take_entry(logged)
    talking = AgentStatus(agent="tester", epoch=1, activity=said, motions=(motion,), waits={said: said})
    heard(scene, "agent_status", talking, source="tester")
    heard(scene, "agent_status", AgentStatus(agent="line_a", epoch=1, stuck=said), source="line_a")
    heard(scene, "guard_status", GuardStatus(machine="main", epoch=1, pid=1, held={"tester": said}), machine="main")
    heard(scene, "clock", Tick(now=START, number=1, speed=1.0, held_by=said))
    drawn(scene)
    if said.isascii() and said == said.strip():
        assert drawn(scene, width=2000).count(said) >= 5, "does, waits twice, stuck, held"


def test_nobody_is_shown_who_is_not_declared_or_speaks_for_another(scene):
    heard(scene, "agent_status", AgentStatus(agent="ghost", epoch=1, stuck="boo"), source="ghost")
    heard(scene, "agent_status", AgentStatus(agent="tester", epoch=9, stuck="boo"), source="ghost")
    heard(scene, "guard_status", GuardStatus(machine="ghost", epoch=1, pid=1, held={"x": "boo"}), machine="ghost")
    assert "boo" not in drawn(scene)


def test_agents_that_were_not_heard_or_are_gone_are_told_apart(scene):
    heard(scene, "agent_status", AgentStatus(agent="robot", epoch=1, alive=False), source="robot")
    text = drawn(scene)
    assert "not heard yet" in text
    assert "gone" in text


def test_a_stop_and_a_held_clock_are_shown(scene):
    heard(scene, "guard_status", GuardStatus(machine="main", epoch=1, pid=1, latched="stop-7"), machine="main")
    heard(scene, "clock", Tick(now=START, number=3, held_by="planning computes"))
    text = drawn(scene, width=160)
    assert "STOPPED by stop-7" in text
    assert "clock held by planning computes" in text


def test_many_tickets_do_not_push_the_agents_away(scene):
    ticket = scene.account.tickets["ticket-1"]
    for i in range(9):
        scene.account.tickets[f"t-{i}"] = type(ticket)(ticket.ticket, ticket.opened_at)
    assert "and 5 more tickets" in drawn(scene)


def test_an_empty_laboratory_is_starting():
    assert "the laboratory is starting" in drawn(Scene(TOPICS))


def test_a_narrow_terminal_gets_a_picture_too(scene):
    assert max(len(line) for line in drawn(scene, width=60).splitlines()) <= 60


def test_a_target_with_constraints_shows_hits_chance_and_how_they_are_met(tmp_path):
    scene = Scene(Topics("thin_film"))
    for logged in tell_absorber(tmp_path, 12)[:-2]:
        scene.take_entry(logged)
    text = drawn(scene, width=200)
    for words in (
        "1 of 11 samples measured",
        "every constraint holds with at least 90 %",
        "absorber-0010",
        "lead 0.28",
        "chance",
        "perovskite fraction 0.98",
        "of 120 h in the laboratory",
    ):
        assert words in text, words


def test_before_the_first_hit_the_nearest_is_shown(tmp_path):
    scene = Scene(Topics("thin_film"))
    log = tell_absorber(tmp_path, 12)
    for logged in log[: len(log) // 3]:
        scene.take_entry(logged)
    text = drawn(scene, width=200)
    assert "nearest" in text
    assert "best" not in text


def test_a_pause_says_when_all_is_still_and_why_not_before():
    scene = Scene(TOPICS)
    for logged in tell_paused():
        scene.take_entry(logged)
    text = drawn(scene, 200)
    for words in ("opv_blend: minimize degradation · paused", "still at about 20", "under way", "it does not answer"):
        assert words in text
    task = tell_paused()[-2].entry.record.task
    told = AgentStatus(agent=task.owner, epoch=1, position=10**6, withheld={task.id: scene.lab_now})
    heard(scene, "agent_status", told, source=task.owner)
    text = drawn(scene, 200)
    assert "still since 20" in text
    assert "ada: visitors" in text
