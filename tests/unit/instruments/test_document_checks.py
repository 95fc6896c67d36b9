"""Documents that are checked quickly are judged as they would be slowly."""

import copy
from typing import Any

import numpy as np
import pytest
from event_model import DocumentNames, compose_run, schema_validators
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError

from instruments.document_checks import QuickCheck, check_quickly
from instruments.lean_engine import make_run_engine

KEYS = {"probe-voltage": {"source": "ca://x", "dtype": "array", "shape": [2], "units": "V"}}
SOMETHING = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
SOMETHING |= st.lists(SOMETHING, max_size=2) | st.dictionaries(st.text(max_size=3), SOMETHING, max_size=2)


def thorough(name: DocumentNames) -> Any:
    """event-model's own validator."""
    validator = schema_validators[name]
    return validator.thorough if isinstance(validator, QuickCheck) else validator


def documents() -> dict[DocumentNames, dict[str, Any]]:
    """One good document of each kind that a run has."""
    run = compose_run(metadata={"plan_name": "sweep", "plan_args": {"points": 2.0}})
    stream = run.compose_descriptor(name="primary", data_keys=KEYS, object_keys={"probe": list(KEYS)})
    event = stream.compose_event(data={"probe-voltage": [0.1, 0.2]}, timestamps={"probe-voltage": 1.0})
    return {
        DocumentNames.start: dict(run.start_doc),
        DocumentNames.descriptor: dict(stream.descriptor_doc),
        DocumentNames.event: dict(event),
        DocumentNames.stop: dict(run.compose_stop()),
    }


GOOD = documents()


def is_allowed(validator: Any, document: Any) -> bool:
    """Whether a validator lets a document pass."""
    try:
        validator.validate(document)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", GOOD)
def test_a_good_document_passes(name: DocumentNames) -> None:
    QuickCheck(thorough(name)).validate(GOOD[name])


@given(st.sampled_from(sorted(GOOD, key=lambda name: name.name)), st.data())
def test_a_changed_document_is_judged_as_before(name: DocumentNames, data: st.DataObject) -> None:
    """Some field, or one inside a field, is anything at all."""
    document = copy.deepcopy(GOOD[name])
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    if data.draw(st.booleans()):
        place[key] = data.draw(SOMETHING)
    else:
        del place[key]
    assert is_allowed(QuickCheck(thorough(name)), document) == is_allowed(thorough(name), document)


def test_an_array_of_numpy_is_an_array() -> None:
    """A device may read one; event-model's validators take it."""
    event = GOOD[DocumentNames.event]
    read = {**event, "data": {"probe-voltage": np.array([0.1, 0.2])}}
    QuickCheck(thorough(DocumentNames.event)).validate(read)


def test_what_is_wrong_is_said_in_the_words_of_jsonschema() -> None:
    check = QuickCheck(thorough(DocumentNames.stop))
    wrong = {**GOOD[DocumentNames.stop], "exit_status": "splendid"}
    with pytest.raises(ValidationError, match="'splendid' is not one of"):
        check.validate(wrong)
    assert [fault.message for fault in check.iter_errors(wrong)] == [
        fault.message for fault in thorough(DocumentNames.stop).iter_errors(wrong)
    ]


def test_a_run_engine_composes_with_quick_checks_and_is_told_so_once() -> None:
    make_run_engine()
    before = dict(schema_validators)
    assert all(isinstance(validator, QuickCheck) for validator in before.values())
    check_quickly()
    assert schema_validators == before
