import json

import pytest

from lab_agents.errors import StoreError
from lab_agents.store.export.runs import faults_of, read_documents
from tests.small_campaign import documents_of


def lines(*documents) -> bytes:
    """Documents as they are kept."""
    return b"".join(json.dumps({"name": name, "doc": doc}).encode() + b"\n" for name, doc in documents)


START = ("start", {"uid": "r", "time": 1.0, "token": "t"})
STOP = ("stop", {"uid": "s", "time": 2.0, "run_start": "r", "exit_status": "success"})


def test_a_whole_run_has_no_faults():
    """Read, and judged by event-model."""
    assert list(faults_of(documents_of("r"), "r")) == []
    assert [one.name for one in read_documents(documents_of("r"))] == ["start", "stop"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "not one whole run"),
        (lines(START), "not one whole run"),
        (lines(START, STOP, START), "not one whole run"),
        (lines(STOP, START), "not one whole run"),
        (lines(START, ("stop", STOP[1] | {"run_start": "q"})), "ends run q"),
        (lines(("start", {"uid": "q", "time": 1.0}), ("stop", STOP[1] | {"run_start": "q"})), "of run q, not of r"),
        (lines(("start", START[1] | {"token": "u"}), STOP), "names token u, not t"),
        (lines(START, ("stop", STOP[1] | {"exit_status": "splendid"})), "'splendid' is not one of"),
        (lines(("start", {"uid": "r"}), STOP), "'time' is a required property"),
        (b"not json\n", "line 1 is no Bluesky document"),
        (lines(START, ("picture", {})), "line 2 is no Bluesky document"),
    ],
)
def test_a_run_that_is_not_whole_or_not_valid_is_said_to_be_so(data, fault):
    """One sentence for each fault."""
    assert any(fault in one for one in faults_of(data, "r", "t"))


def test_reading_what_is_no_document_is_refused():
    """With the line."""
    with pytest.raises(StoreError, match="line 2"):
        read_documents(documents_of("r").splitlines()[0] + b"\n[]\n")
