"""From documents to readings, raw records and blobs."""

import hashlib
import json

import pytest

from instruments.drivers import ActDeclaration
from instruments.errors import DocumentsError
from instruments.results import event_values, keep_blobs, raw_record, readings

SOAK = ActDeclaration("m:f", raw={"time": "time", "offset": "scale_offset"})


def _event(**data):
    return {"name": "event", "doc": {"data": data}}


def test_values_go_by_the_names_of_signals_for_both_device_families():
    documents = [{"name": "start", "doc": {}}, _event(**{"tester-tau": 600.0, "tester-time": [0.0, 1.0]})]
    assert event_values("tester", documents) == {"tau": 600.0, "time": [0.0, 1.0]}
    assert event_values("dispenser_b", [_event(dispenser_b_asked=7.0)]) == {"asked": 7.0}
    assert event_values("dispenser_b", []) == {}


def test_arrays_are_no_readings():
    assert readings({"tau": 600.0, "n": 3, "place": "rack_1", "time": [0.0]}) == {
        "tau": 600.0,
        "n": 3,
        "place": "rack_1",
    }


def test_the_raw_record_holds_what_the_act_declares():
    record = raw_record(SOAK, {"time": [0.0, 1.0], "scale_offset": 0.5, "tau": 600.0})
    assert json.loads(record) == {"time": [0.0, 1.0], "offset": 0.5}
    assert raw_record(ActDeclaration("m:f"), {}) is None
    with pytest.raises(DocumentsError, match="read no scale_offset"):
        raw_record(SOAK, {"time": [0.0]})


class Shelf(dict):
    """Blobs in memory."""

    def put(self, data):
        address = hashlib.sha256(data).hexdigest()
        self[address] = data
        return address


def test_blobs_are_kept_by_name():
    shelf = Shelf()
    kept = keep_blobs(shelf, b"documents", b"raw")
    assert {name: shelf[address] for name, address in kept.items()} == {"documents": b"documents", "raw": b"raw"}
    assert list(keep_blobs(shelf, b"documents", None)) == ["documents"]
