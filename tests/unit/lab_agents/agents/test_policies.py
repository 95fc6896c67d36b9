"""Who decides what follows a failure."""

import pytest

from lab_agents.agents.film_recipe import FilmRecipe
from lab_agents.agents.policies import with_policies
from lab_agents.records.failure import BY_KIND, FailurePolicy
from lab_agents.records.recipe import Act, Recipe, Step, Transfer
from tests.film_lab import film, film_laboratory

LAB = film_laboratory()
OWN = FailurePolicy(action="ask")
DECLARED = FailurePolicy(action="quarantine", retries=1, backoff=5.0)
SWEEP = Act(instrument="lamp_1", plan="illuminate", arguments={"suns": 1.2, "duration": 60.0})


def settled(step: Step, **on_failure: FailurePolicy) -> FailurePolicy:
    """What follows the failure of a step in a laboratory that says this."""
    lab = LAB.model_copy(update={"on_failure": on_failure})
    (found,) = with_policies(Recipe(steps=(step,)), lab).steps
    assert found.on_failure is not None
    return found.on_failure


def test_a_recipe_wins_over_the_lab_file_and_the_lab_file_over_what_is_usual():
    step = Step(name="look", kind="measure", owner="soaker", acts=(SWEEP,))
    assert settled(step) == BY_KIND["measure"]
    assert settled(step, measure=DECLARED) == DECLARED
    assert settled(step, mix=DECLARED) == BY_KIND["measure"]
    assert settled(step.model_copy(update={"on_failure": OWN}), measure=DECLARED) == OWN


def test_a_transfer_is_a_transfer_whatever_its_step_says():
    step = Step(name="load", kind="other", owner="robot", transfer=Transfer(source="home", target="stage"))
    assert settled(step, transfer=DECLARED, other=OWN) == DECLARED


def test_every_step_of_a_film_is_of_a_kind_that_is_tried_again():
    recipe = with_policies(FilmRecipe().prepare("line_a", LAB, film()).recipe, LAB)
    assert [step.task_kind for step in recipe.steps] == ["mix", "coat", "transfer", "anneal", "transfer"]
    assert all(step.policy.retries for step in recipe.steps)


def test_what_is_settled_stays_as_it_is():
    once = with_policies(FilmRecipe().prepare("line_a", LAB, film()).recipe, LAB)
    changed = LAB.model_copy(update={"on_failure": {"mix": OWN, "transfer": OWN}})
    assert with_policies(once, changed) == once


@pytest.mark.parametrize(
    ("named", "kept"),
    [("lamp_2", True), ("lamp_1", False), ("probe", False)],
    ids=["its like", "itself", "another agent's"],
)
def test_of_the_instruments_that_a_lab_file_names_a_step_keeps_those_that_could_do_it(named, kept):
    free = LAB.model_copy(update={"places": tuple(p for p in LAB.places if p.kind != "lamp")})
    step = Step(name="look", kind="measure", owner="soaker", acts=(SWEEP,))
    policy = FailurePolicy(retries=2, instead=(named,))
    lab = free.model_copy(update={"on_failure": {"measure": policy}})
    (found,) = with_policies(Recipe(steps=(step,)), lab).steps
    assert found.policy.instead == ((named,) if kept else ())


def test_an_instrument_whose_limit_a_step_would_break_does_not_stand_in():
    free = LAB.model_copy(update={"places": ()})
    weak = free.instruments["lamp_2"].limits["suns"].model_copy(update={"upper": 1.0})
    lamp = free.instruments["lamp_2"]
    weaker = lamp.model_copy(update={"limits": {**lamp.limits, "suns": weak}})
    policy = FailurePolicy(retries=2, instead=("lamp_2", "lamp_3"))
    update = {"instruments": {**free.instruments, "lamp_2": weaker}, "on_failure": {"measure": policy}}
    step = Step(name="look", kind="measure", owner="soaker", acts=(SWEEP,))
    (found,) = with_policies(Recipe(steps=(step,)), free.model_copy(update=update)).steps
    assert found.policy.instead == ("lamp_3",)


def test_where_the_sample_stands_on_an_instrument_no_other_one_can_act_on_it():
    step = Step(name="look", kind="measure", owner="soaker", acts=(SWEEP,))
    assert settled(step, measure=FailurePolicy(retries=2, instead=("lamp_2",))).instead == ()
