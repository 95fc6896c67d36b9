"""Amendments."""

import pytest
from hypothesis import given
from pydantic import TypeAdapter

from lab_agents.records.amendment import Amendment, RepeatStep, SetArgument, UseLine, amendment_text
from tests.strategies import records

ADAPTER = TypeAdapter(Amendment)


@given(change=records(SetArgument) | records(RepeatStep) | records(UseLine))
def test_every_kind_survives_json(change):
    assert ADAPTER.validate_json(change.model_dump_json()) == change


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (RepeatStep(step="anneal"), "repeat anneal"),
        (SetArgument(step="anneal", argument="duration", value=900.0), "duration of anneal = 900.0"),
        (UseLine(line="line_b"), "use line_b"),
    ],
)
def test_each_is_told_in_words(change, text):
    assert amendment_text(change) == text
