"""Recipes, tasks and tokens."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab_agents.records.recipe import LAST_ATTEMPT, Act, Need, Recipe, Step, Task, Transfer, act_of
from tests.strategies import records

ACT = Act(instrument="coater_a", plan="coat")


@given(task=records(Task), act=st.integers(0, 100))
def test_a_token_is_64_bits_and_depends_on_task_and_act_alone(task, act):
    token = task.token(act)
    assert re.fullmatch(r"[0-9a-f]{16}", token)
    assert token == task.model_copy(update={"owner": "other", "acts": (ACT,)}).token(act)
    assert token != task.token(act + 1)
    assert token != task.model_copy(update={"id": task.id + "x"}).token(act)


def test_a_token_never_changes_between_versions():
    task = Task(
        id="make-opv-0001/0", work="make-opv-0001", sample="s", step=0, name="dose", owner="line_a", acts=(ACT,)
    )
    assert [task.token(act) for act in range(2)] == ["dee8aebc71f78900", "65f980813ae35900"]


@given(attempt=st.integers(1, LAST_ATTEMPT))
def test_a_later_attempt_has_tokens_of_its_own_that_name_the_same_acts(attempt):
    """The instrument tells attempts apart; whoever draws random numbers for an act does not."""
    task = Task(id="w/0", work="w", sample="s", step=0, name="dose", owner="line_a", acts=(ACT, ACT))
    again = task.model_copy(update={"attempt": attempt})
    assert not set(task.tokens) & set(again.tokens)
    assert [act_of(token) for token in again.tokens] == [act_of(token) for token in task.tokens]
    assert len({act_of(token) for token in task.tokens}) == 2


def test_a_task_has_no_attempt_that_its_token_could_not_say():
    with pytest.raises(ValidationError, match="255"):
        Task(id="w/0", work="w", sample="s", step=0, name="dose", owner="line_a", acts=(ACT,), attempt=256)


def test_a_task_names_each_of_its_instruments_once():
    task = Task(id="w/0", work="w", sample="s", step=0, name="dose", owner="line_a", acts=(ACT, ACT))
    assert task.instruments == ("coater_a",)


def test_a_role_is_done_with_when_no_step_to_come_names_it():
    anneal = Act(instrument="plate_1", plan="anneal", at="plate")
    mix = Act(instrument="handler", plan="mix", places={"vial": "vial"})
    steps = (
        Step(name="mix", owner="handler", acts=(mix,)),
        Step(name="to_plate", owner="robot", transfer=Transfer(source="stage", target="plate")),
        Step(name="anneal", owner="line", acts=(anneal,)),
        Step(name="shelve", owner="robot", transfer=Transfer(source="plate", target="rack")),
    )
    recipe = Recipe(steps=steps)
    assert [sorted(recipe.done_with(step)) for step in range(4)] == [[], ["vial"], ["stage", "vial"], ["stage", "vial"]]


def test_a_step_is_either_acts_or_a_transfer():
    carry = Transfer(source="stage", target="rack")
    for wrong in ({}, {"acts": (ACT,), "transfer": carry}):
        with pytest.raises(ValidationError, match="step dose needs either acts or a transfer"):
            Step(name="dose", owner="line_a", **wrong)
    assert Step(name="dose", owner="line_a", transfer=carry).acts == ()


def test_a_need_is_either_a_place_or_a_kind():
    for wrong in ({}, {"place": "stage_a", "kind": "stage"}):
        with pytest.raises(ValidationError, match="need stage names either a place or a kind"):
            Need(role="stage", **wrong)


def test_a_step_of_which_nobody_said_anything_is_not_tried_again():
    step = Step(name="coat", owner="line_a", acts=(ACT,))
    assert (step.policy.retries, step.policy.action, step.task_kind) == (0, "quarantine", "other")
