import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.unread_stop import MAX_WORDS, SHOWN, is_unread, stop_from_bytes, stop_from_request
from tests.unattended import stop_request


def test_a_request_that_can_be_read_is_that_request():
    wanted = stop_request("stop-1")
    assert stop_from_bytes(wanted.model_dump_json().encode()) == wanted
    assert not is_unread(wanted)
    asked = stop_from_request({"do": "stop", "id": "stop-1", "person": "ada", "reason": "smoke"})
    assert (asked.id, asked.person, asked.reason) == ("stop-1", "ada", "smoke")


def test_a_door_is_told_when_somebody_asked():
    wanted = stop_request("stop-1")
    assert stop_from_request({"do": "stop", **wanted.model_dump(mode="json")}) == wanted


def test_a_stop_with_a_long_reason_stops_and_is_told_in_short():
    """It stands in every status of a guard and in an entry, and must not be too long for either."""
    wanted = stop_request("stop-1").model_copy(update={"reason": "smoke " * 50_000, "person": "ada" * 50_000})
    for stop in (
        stop_from_bytes(wanted.model_dump_json().encode()),
        stop_from_request(wanted.model_dump(mode="json")),
    ):
        assert (stop.id, len(stop.person), len(stop.reason)) == ("stop-1", MAX_WORDS, MAX_WORDS)


@pytest.mark.parametrize("at", [None, 5, "yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_stop_whose_instant_cannot_be_read_was_asked_for_when_it_was_heard(at):
    before = datetime.now(UTC)
    stop = stop_from_request({"do": "stop", "id": "stop-1", "person": "ada", "reason": "smoke", "at": at})
    assert (stop.id, is_unread(stop)) == ("stop-1", False)
    assert before <= stop.at <= datetime.now(UTC)


@given(st.binary(max_size=3 * SHOWN))
def test_any_bytes_are_one_stop_and_the_same_bytes_the_same(payload):
    stop = stop_from_bytes(payload)
    assert is_unread(stop)
    assert stop.id == stop_from_bytes(payload).id
    assert stop.id.endswith(hashlib.sha256(payload).hexdigest()[:16])


_JSON = st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from(("id", "person", "reason", "at", "do")), _JSON))
def test_any_request_of_a_door_is_a_stop(request):
    assert stop_from_request(request).id is not None


def test_an_id_of_which_no_entry_can_be_made_is_not_taken_over():
    for id_ in ("stop-{}", "", "x" * 101, "a b"):
        wanted = stop_request("stop-1").model_copy(update={"id": id_})
        assert is_unread(stop_from_bytes(wanted.model_dump_json().encode()))
        assert is_unread(stop_from_request({"do": "stop", "id": id_, "person": "ada", "reason": "smoke"}))
