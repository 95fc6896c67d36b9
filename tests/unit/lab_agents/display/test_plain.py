"""One line for each notable event."""

from lab_agents.display.plain import line_for
from lab_agents.display.scene import Scene
from lab_agents.messages.topics import Topics
from tests.told_campaign import tell_campaign


def lines(log):
    scene = Scene(Topics("opv_replay"))
    told = []
    for logged in log:
        scene.take_entry(logged)
        line = line_for(logged, scene)
        if line is not None:
            told.append(line)
    return told


def test_the_course_of_a_campaign_can_be_read():
    told = "\n".join(lines(tell_campaign(12, failing=5)))
    for words in (
        "2026-01-01 00:00:00  campaign opv_blend started by Ada",
        "proposed batch 1: opv_blend-0001 to opv_blend-0004 (bayesian)",
        "opv_blend-0001 made by line_a: PCE10",
        "(1 of 60)  <- best so far",
        "failed on line_b: dispenser_b: channel 3 is clogged",
        "TICKET ticket-1 (line_b)",
        "ticket ticket-1 answered by Ada: discard",
        "closing: budget spent",
        "finished: 11 made, 11 concluded, 1 failed (budget spent)",
    ):
        assert words in told


def test_everyday_entries_are_not_worth_a_line():
    log = tell_campaign(4, failing=None)
    assert len(lines(log)) < len(log) / 2


def test_every_line_is_one_line():
    assert all("\n" not in line for line in lines(tell_campaign(12, failing=5)))
