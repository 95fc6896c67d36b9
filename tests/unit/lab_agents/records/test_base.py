"""What holds for every record there is."""

import importlib
import pkgutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

import lab_agents.messages
import lab_agents.records
from lab_agents.messages.entry import Body, Entry
from lab_agents.messages.frames import Logged
from lab_agents.records.base import FrozenMap, Record, with_item, without_item
from lab_agents.records.quantities import Seconds
from tests.strategies import records

CONTAINERS = {Body, Entry, Logged}
"""Records that hold any body: read by `read_entry`, not by their model."""


def _every_record():
    found = set()
    for package in (lab_agents.records, lab_agents.messages):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            names = vars(importlib.import_module(module.name)).values()
            found |= {one for one in names if isinstance(one, type) and issubclass(one, Record)}
    return sorted(found - CONTAINERS - {Record}, key=lambda one: one.__name__)


@pytest.mark.parametrize("model", _every_record(), ids=lambda model: model.__name__)
def test_reading_undoes_writing(model):
    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(record=records(model))
    def holds(record):
        again = model.model_validate_json(record.model_dump_json())
        assert again == record
        assert again.model_dump_json() == record.model_dump_json()

    holds()


class Sketch(Record):
    """A record for these tests."""

    span: Seconds
    counts: FrozenMap[str, int] = Field(default_factory=dict)


@pytest.mark.parametrize(
    "wrong",
    [
        {"span": "1250"},
        {"span": True},
        {"span": float("nan")},
        {"span": float("inf")},
        {"span": -1.0},
        {"span": 1.0, "colour": "red"},
        {},
        {"span": 1.0, "counts": {"a": 1.5}},
    ],
)
def test_a_record_refuses_what_it_cannot_mean(wrong):
    with pytest.raises(ValidationError):
        Sketch.model_validate(wrong)


def test_a_record_cannot_be_changed():
    sketch = Sketch(span=1.0, counts={"a": 1})
    with pytest.raises(ValidationError):
        sketch.span = 2.0
    with pytest.raises(TypeError):
        sketch.counts["a"] = 2


def test_a_record_does_not_share_the_mapping_it_was_made_from():
    counts = {"a": 1}
    sketch = Sketch(span=1.0, counts=counts)
    counts["a"] = 2
    assert sketch.counts["a"] == 1


@given(mapping=st.dictionaries(st.text(), st.integers()), key=st.text(), value=st.integers())
def test_putting_and_taking_an_item_leaves_the_rest(mapping, key, value):
    richer = with_item(mapping, key, value)
    assert dict(richer) == {**mapping, key: value}
    assert dict(without_item(richer, key)) == {k: v for k, v in mapping.items() if k != key}
