"""Recipes, tasks and tokens."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lab_agents.records.recipe import Act, Need, Step, Task, Transfer
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
    assert [task.token(act) for act in range(2)] == ["dee8aebc71f7890f", "65f980813ae359d6"]


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
