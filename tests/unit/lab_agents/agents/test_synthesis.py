"""A line: bids, what it reports, where a film may stand."""

import pytest

from lab_agents.agents.courses import Course
from lab_agents.agents.synthesis import RULES, Synthesis
from lab_agents.messages.work import BidMade, BidRefused
from lab_agents.records.recipe import Recipe
from lab_agents.records.space import Candidate
from tests.film_lab import film, film_laboratory
from tests.model_lab import laboratory
from tests.story import Story, proposal


@pytest.mark.parametrize(("line", "bids"), [("line_a", True), ("line_b", False)])
def test_a_line_refuses_a_share_that_it_cannot_dose(line, bids):
    story = Story(Synthesis(line))
    story.begin()
    (body,) = story.tell("planning", proposal((0.98, 0.02, 0.0, 0.0)))
    assert isinstance(body, BidMade if bids else BidRefused)
    if isinstance(body, BidMade):
        assert [s.name for s in body.bid.recipe.steps] == ["dispense", "coat", "shelve"]
        assert body.bid.consumables == {"inks_a": 100.0, "substrates_a": 1.0}
    else:
        assert body.code == "infeasible"


def test_a_line_that_the_campaign_does_not_name_is_silent():
    story = Story(Synthesis("line_b"), laboratory())
    story.begin(lines=("line_a",))
    assert story.tell("planning", proposal((1.0, 0.0, 0.0, 0.0))) == ()


def at_step(number: int, recipe: Recipe) -> Course:
    """A film's course at its nth step, with its places granted."""
    fields = {"me": "line_a", "work": "w", "sample": "s", "campaign": "c", "holder": "line_a", "service": "robot"}
    places = {"vial": "vial_a", "stage": "stage_a", "plate": "plate_a_1", "rack": "rack_1"}
    return Course(**fields, needs=recipe.needs, recipe=recipe, places=places, step=number, since=1)


def test_a_film_may_stand_where_its_step_works_on_it_or_on_its_way():
    recipe = RULES["film"].prepare("line_a", film_laboratory(), film()).recipe
    doubtful = [Synthesis("line_a").doubtful(at_step(n, recipe)) for n in range(5)]
    assert doubtful == [(), ("stage_a",), ("stage_a", "plate_a_1"), ("plate_a_1",), ("plate_a_1", "rack_1")]


def test_a_film_that_was_not_coated_stands_nowhere():
    recipe = RULES["blend"].prepare("line_a", laboratory(), Candidate(values={"P3HT": 1.0})).recipe
    assert [Synthesis("line_a").doubtful(at_step(n, recipe)) for n in range(3)] == [
        (),
        ("stage_a",),
        ("stage_a", "rack_1"),
    ]
