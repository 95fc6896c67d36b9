"""Trays that run low: a person is asked, counts, and is believed only where the instrument counts the same."""

import json

import pytest

from lab_agents.agents.behaviour import JobOutcome
from lab_agents.agents.service import Service
from lab_agents.agents.supplies import (
    LOADED,
    NOT_LOADED,
    CountArguments,
    amount_text,
    held_instruments,
    most_drawn,
)
from lab_agents.agents.synthesis import Synthesis
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import ConsumableLoaded, ConsumableUsed
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from tests.film_lab import film_laboratory
from tests.story import Story

TRAY = 25.0


def laboratory() -> Laboratory:
    """Trays of 25 substrates, asked for at 5; 200 tips, asked for at 20; bottles asked for at 5,000 µL."""
    lab = film_laboratory()
    sizes = {"substrates_a": (TRAY, 5.0), "substrates_b": (TRAY, 5.0), "tips": (200.0, 20.0)}
    consumables = tuple(
        c.model_copy(update=dict(zip(("amount", "low"), sizes[c.name], strict=True))) if c.name in sizes else c
        for c in lab.consumables
    )
    stocks = tuple(s.model_copy(update={"low": 5000.0}) for s in lab.stocks)
    return lab.model_copy(update={"consumables": consumables, "stocks": stocks})


def use(story: Story, amount: float, name: str = "substrates_a", cause: int | None = None):
    """Somebody used so much."""
    cause = story.position if cause is None else cause
    return story.tell("line_x", ConsumableUsed(consumable=name, amount=amount, work="w"), cause=cause)


def low(name: str = "substrates_a", amount: float = 20.0) -> Story:
    """The agent that looks after a consumable, just before its request."""
    story = Story(Synthesis("line_a") if name == "substrates_a" else Service("handler"), laboratory())
    (asked,) = use(story, amount, name)
    assert isinstance(asked, TroubleMet)
    assert asked.trouble.evidence["consumable"] == name
    assert asked.trouble.remedies == (LOADED, NOT_LOADED)
    assert asked.trouble.default == NOT_LOADED
    assert "asks for more at" in asked.trouble.what
    return story


def answer(story: Story, said: str = LOADED, count: float | None = TRAY, name: str = "substrates_a"):
    """A person's answer to its ticket."""
    return story.tell(
        "supervision", TicketClosed(ticket="ticket-3", answer=said, person="ada", count=count), subject=name
    )


def counted(story: Story, seen: float):
    """What the agent says once the instrument has told its own count."""
    (job,) = story.state.jobs()
    assert job.kind == "count"
    (draft,) = story.conclude(job, JobOutcome(ok=True, answer=json.dumps(seen)))
    story.tell(story.behaviour.name, draft.body, subject=draft.subject, cause=job.cause)
    return draft.body


def test_nobody_is_asked_before_the_mark_and_once_at_it():
    story = Story(Synthesis("line_a"), laboratory())
    assert use(story, 19) == ()
    assert len(use(story, 1)) == 1
    assert use(story, 1) == ()


def test_amounts_are_said_as_people_say_them():
    assert [amount_text(n, "piece") for n in (1.0, 19.0)] == ["1 piece", "19 pieces"]
    assert amount_text(2500.0, "µL") == "2500 µL"


def test_without_a_mark_nobody_is_asked():
    story = Story(Synthesis("line_a"), film_laboratory())
    assert use(story, 130) == ()


@pytest.mark.parametrize(("name", "amount"), [("tips", 180.0), ("sni2", 20000.0), ("substrates_a", 20.0)])
def test_what_the_instrument_counts_too_is_loaded(name, amount):
    story = low(name, amount)
    full = story.state.supplies[name].full
    answer(story, count=full, name=name)
    loaded = counted(story, full)
    assert isinstance(loaded, ConsumableLoaded)
    assert (loaded.amount, loaded.confirmed, loaded.ticket) == (full, full, "ticket-3")
    assert story.state.supplies[name].left == full
    assert story.state.jobs() == ()
    assert not held_instruments(story.state.supplies)


def test_a_miscount_is_asked_about_again_and_nothing_begins_meanwhile():
    story = low()
    answer(story)
    assert held_instruments(story.state.supplies) == {"spin_a"}
    again = counted(story, 24)
    assert isinstance(again, TroubleMet)
    assert (again.trouble.evidence["confirmed"], again.trouble.evidence["seen"]) == ("25", "24.0")
    assert held_instruments(story.state.supplies) == {"spin_a"}
    assert "count it again" in story.state.waits()["substrates_a"]
    answer(story, count=24)
    assert isinstance(counted(story, 24), ConsumableLoaded)
    assert not held_instruments(story.state.supplies)


def test_an_unreadable_count_is_no_count():
    story = low()
    answer(story)
    (draft,) = story.conclude(story.state.jobs()[0], JobOutcome(ok=False, error="no number"))
    assert isinstance(draft.body, TroubleMet)


def test_nothing_loaded_lets_the_work_go_on_with_what_is_left():
    story = low()
    answer(story, NOT_LOADED, None)
    assert story.state.jobs() == ()
    assert story.state.supplies["substrates_a"].left == 5
    assert not held_instruments(story.state.supplies)
    assert use(story, 1) == ()


def test_a_tray_loaded_too_little_is_asked_for_again():
    story = low()
    answer(story, count=4)
    (job,) = story.state.jobs()
    (draft,) = story.conclude(job, JobOutcome(ok=True, answer="4.0"))
    (again,) = story.tell("line_a", draft.body, subject=draft.subject, cause=job.cause)
    assert isinstance(again, TroubleMet)


def test_what_was_drawn_before_the_count_is_drawn_once():
    """An act that ended before the count may be reported after it."""
    story = low()
    before = story.position
    answer(story)
    counted(story, 25)
    use(story, 1, cause=before)
    assert story.state.supplies["substrates_a"].left == 25
    assert story.state.stock["substrates_a"] == 25
    use(story, 1)
    assert story.state.supplies["substrates_a"].left == 24
    assert story.state.stock["substrates_a"] == 24


def test_an_act_under_way_may_have_drawn_since_the_person_counted():
    asked = CountArguments(
        consumable="c", instrument="i", signal="s", unit="piece", ticket="t", confirmed=25.0, slack=1.0
    )
    assert [asked.agrees(seen) for seen in (23, 24, 25, 26)] == [False, True, True, False]
    volume = asked.model_copy(update={"unit": "µL", "slack": 100.0, "confirmed": 10_000.0})
    assert [volume.agrees(seen) for seen in (9600, 9750, 10_150, 10_250)] == [False, True, True, False]


def test_the_most_that_an_act_draws_is_what_it_was_asked_for():
    supplies = Story(Service("handler"), laboratory()).state.supplies
    mix = Act(instrument="handler", plan="mix", arguments={"vial": "vial_a", "volumes": "csi:40.00;fai:0.00;sni2:9.50"})
    assert most_drawn(mix, supplies["tips"]) == 2
    assert most_drawn(mix, supplies["sni2"]) == 9.5
    assert most_drawn(mix, supplies["mai"]) == 0
    spin = Act(instrument="spin_a", plan="spin", arguments={"speed": 4000.0})
    assert most_drawn(spin, Story(Synthesis("line_a"), laboratory()).state.supplies["substrates_a"]) == 1


def test_a_load_that_the_recorder_refused_holds_nothing():
    story = low()
    answer(story)
    (job,) = story.state.jobs()
    refused = EntryRefused(source="line_a", sequence=9, reason="r", raw="0" * 64, refused_id=f"line_a/{job.id}/0")
    story.tell("recorder", refused)
    assert not held_instruments(story.state.supplies)
