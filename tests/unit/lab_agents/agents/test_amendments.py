"""Amending work under way: what is folded into a recipe, what comes too late, what can be taken back."""

import pytest

from lab_agents.agents.amendments import admit, base_name, fold, say_admitted, say_late, settle
from lab_agents.agents.bookings import Amended, Booking
from lab_agents.agents.courses import Course, follow_courses
from lab_agents.agents.film_recipe import FilmRecipe
from lab_agents.agents.offers import Offer
from lab_agents.agents.synthesis import Synthesis
from lab_agents.messages.course import AmendmentAdmitted
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import ReservationMade, TaskDone, WorkAmended
from lab_agents.records.amendment import RepeatStep, SetArgument, UseLine
from tests.film_lab import film, film_laboratory
from tests.story import Story, logged, proposal
from tests.unit.lab_agents.agents.test_bidder import BLEND, accepted, offered

LAB = film_laboratory()
RECIPE = FilmRecipe().prepare("line_a", LAB, film()).recipe
MIX, SPIN, TO_PLATE, ANNEAL, SHELVE = range(5)
AGAIN, LONGER = RepeatStep(step="anneal"), SetArgument(step="anneal", argument="duration", value=900)


def booked() -> Booking:
    """A film that is being made."""
    offer = Offer(work="w", kind="make", campaign="c", sample="s", asked=film(), value=1.0, since=1)
    return Booking(work="w", offer=offer, recipe=RECIPE, seconds=100.0, phase="running", since=2)


def at(step: int, booking: Booking | None = None) -> Course:
    """Its course at a step."""
    recipe = RECIPE if booking is None else booking.recipe
    return Course(
        me="line_a", work="w", sample="s", campaign="c", holder="line_a", service="robot", needs=recipe.needs,
        recipe=recipe, step=step, since=3,
    )  # fmt: skip


def asked(change=None, version: int = 1, reverts: int | None = None) -> AmendmentAdmitted:
    """An amendment that passed."""
    return AmendmentAdmitted(work="w", version=version, amendment=change, reverts=reverts, person="ada", reason="r")


def taken(step: int, *changes) -> Booking:
    """The booking after these amendments, each while the course stands at `step`."""
    booking = booked()
    for version, change in enumerate(changes, start=1):
        booking = admit(booking, at(step, booking), asked(change, version), LAB)
        assert isinstance(booking, Booking), booking
    return booking


def names(booking: Booking) -> list[str]:
    """Its steps."""
    return [step.name for step in booking.recipe.steps]


def test_an_anneal_is_repeated_right_after_itself():
    """The first may be running: what comes after it has not begun."""
    assert names(taken(ANNEAL, AGAIN)) == ["mix", "spin", "to_plate", "anneal", "anneal_again_1", "shelve"]
    assert names(taken(SPIN, AGAIN, AGAIN))[3:] == ["anneal", "anneal_again_2", "anneal_again_1", "shelve"]
    assert base_name("anneal_again_1") == "anneal"


def test_a_value_is_set_in_the_step_that_takes_it():
    (act,) = taken(SPIN, LONGER).recipe.steps[ANNEAL].acts
    assert act.arguments["duration"] == 900.0
    assert isinstance(act.arguments["duration"], float)


@pytest.mark.parametrize(
    ("step", "change", "why"),
    [
        (SPIN, RepeatStep(step="spin"), "spin cannot be repeated; of this recipe that can anneal"),
        (SPIN, RepeatStep(step="polish"), "there is no step polish; its steps are mix, spin"),
        (SPIN, SetArgument(step="anneal", argument="colour", value="red"), "no argument colour"),
        (SPIN, SetArgument(step="anneal", argument="duration", value="long"), "'long' is not of its kind"),
        (SPIN, SetArgument(step="anneal", argument="temperature", value=900.0), "900"),
        (ANNEAL, LONGER, "it comes too late: anneal has its turn already"),
        (SHELVE, AGAIN, "it comes too late|the sample is carried away after anneal"),
        (SPIN, UseLine(line="line_b"), "it has been accepted"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(step, change, why):
    refused = admit(booked(), at(step), asked(change), LAB)
    assert isinstance(refused, str)
    assert any(words in refused for words in why.split("|"))


def test_a_change_is_taken_back_while_nothing_of_it_has_begun():
    booking = taken(SPIN, LONGER, AGAIN)
    back = admit(booking, at(SPIN, booking), asked(version=3, reverts=1), LAB)
    assert [a.version for a in back.amended] == [2]
    assert back.recipe == taken(SPIN, AGAIN).recipe
    late = admit(booking, at(ANNEAL, booking), asked(version=3, reverts=1), LAB)
    assert late == "it comes too late: anneal has its turn already"
    assert admit(booking, at(SPIN, booking), asked(version=4, reverts=3), LAB) == (
        "there is no version 3 to take back; it has 1, 2"
    )


def test_everybody_takes_an_amendment_at_its_position_or_nobody_does():
    """The service follows the same course; a recipe whose begun steps differ changes nothing for it either."""
    amended = WorkAmended(work="w", version=1, recipe=taken(SPIN, AGAIN).recipe)
    for follower in ("line_a", "robot", "handler"):
        early = {"w": at(ANNEAL).model_copy(update={"me": follower})}
        late = {"w": at(SHELVE).model_copy(update={"me": follower})}
        assert len(follow_courses(early, logged(9, "line_a", amended), follower)["w"].recipe.steps) == 6
        assert follow_courses(late, logged(9, "line_a", amended), follower) == late


def test_an_amendment_that_came_too_late_is_forgotten_and_said():
    booking = taken(SPIN, AGAIN)
    amended = WorkAmended(work="w", version=1, recipe=booking.recipe)
    settled = settle(booking, at(SHELVE), amended)
    assert settled.recipe == RECIPE
    assert settled.amended == ()
    (note,) = say_late(booking, at(SHELVE), amended)
    assert "came too late, shelve has its turn already" in note.body.trouble.what
    assert settle(booking, at(ANNEAL), amended) == booking
    assert say_late(booking, at(ANNEAL), amended) == ()


def test_the_holder_says_the_new_recipe_or_why_not():
    (said,) = say_admitted(booked(), at(SPIN), asked(AGAIN), LAB)
    assert said.body == WorkAmended(work="w", version=1, recipe=taken(SPIN, AGAIN).recipe)
    (note,) = say_admitted(booked(), None, asked(AGAIN), LAB)
    assert "it has not begun" in note.body.trouble.what
    assert say_admitted(booked(), at(SPIN), asked(UseLine(line="line_b")), LAB) == ()


def test_a_fold_of_nothing_is_the_recipe_itself():
    assert fold(RECIPE, ()) == RECIPE
    late = Amended(version=1, amendment=AGAIN, after=SHELVE)
    assert "carried away" in fold(RECIPE, (late,))


def test_a_line_amends_its_own_work_and_goes_on_with_it():
    """From the admission to the next step, through the line's own rules."""
    story: Story = offered()
    (request,) = accepted(story)
    made = ReservationMade(
        work=request.work, sample="opv-0001", holder="line_a", places={"stage": "stage_a", "rack": "rack_1"}
    )
    story.tell("line_a", request)
    (started,) = story.tell("robot", made)
    slower = AmendmentAdmitted(
        work=request.work, version=1, amendment=SetArgument(step="coat", argument="speed", value=1234.0),
        person="ada", reason="r",
    )  # fmt: skip
    (amended,) = story.tell("supervision", slower)
    assert isinstance(amended, WorkAmended)
    story.tell("line_a", started)
    story.tell("line_a", amended)
    done = TaskDone(task=f"{request.work}/0", work=request.work, sample="opv-0001", step=0, owner="line_a", results=())
    begun = story.tell("line_a", done)[-1]
    assert begun.task.acts[0].arguments["speed"] == 1234.0


def test_work_of_others_is_not_touched():
    story: Story = Story(Synthesis("line_b"))
    story.begin()
    story.tell("planning", proposal(BLEND))
    assert story.tell("supervision", asked(AGAIN)) == ()
    assert not isinstance(story.tell("line_a", WorkAmended(work="w", version=1, recipe=RECIPE)), TroubleMet)
