"""One line for each notable event."""

from lab_agents.display.plain import line_for
from lab_agents.display.scene import Scene
from lab_agents.messages.commands import DenyApproval, GiveApproval
from lab_agents.messages.course import WorkAwarded
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.topics import Topics
from lab_agents.records.ticket import Trouble
from tests.told_absorber import tell_absorber
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


def test_each_measurement_is_one_line_and_the_last_one_judges(tmp_path):
    told = lines(tell_absorber(tmp_path, 12))
    for words in (
        "absorber-0010 spectrum: gap 1.3",
        "absorber-0010 pattern: perovskite fraction 0.98",
        "absorber-0010 sheet: concluded => lead 0.28",
        "absorber-0002 spectrum: gap not read: no edge from 1.13 to 3.2 eV",
        "absorber-0004: observation retracted: the shutter stuck",
    ):
        assert any(words in line for line in told), words
    last = next(line for line in told if "absorber-0010 sheet" in line)
    assert "HIT, chance 9" in last
    assert last.endswith("of 12)  <- best so far")
    assert "no hit, chance" in next(line for line in told if "absorber-0001 sheet" in line)


def test_an_award_that_waits_says_what_to_type_and_the_words_on_it_are_told():
    asked = {"needs_approval": True, "asked_because": "every award does", "approvers": ("ada",)}
    log = tell_campaign(1, failing=None)
    at = next(i for i, logged in enumerate(log) if isinstance(logged.entry.record, WorkAwarded))
    award = log[at].entry.record.model_copy(update=asked)
    said = (
        award,
        GiveApproval(work=award.work, round=1, person="ada"),
        DenyApproval(work=award.work, round=1, person="ada", reason="too thin"),
        TroubleMet(trouble=Trouble(what="The word of ada does not count", severity="note")),
    )
    entries = [
        log[at].model_copy(update={"entry": log[at].entry.model_copy(update={"record": b, "kind": type(b).__name__})})
        for b in said
    ]
    told = lines([*log[:at], *entries])[-4:]
    assert f"APPROVAL {award.work} waits for the approval of ada: line_a would make" in told[0]
    assert told[0].endswith(f"; every award does: lab-agents approve {award.work}")
    assert [line.partition("  ")[2] for line in told[1:]] == [
        f"{award.work} approved by ada",
        f"{award.work} denied by ada: too thin",
        "The word of ada does not count",
    ]
