"""Entries: who may publish which, reading and writing, versions."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lab_agents.messages  # noqa: F401  (registers every kind)
from lab_agents.errors import MessageError, OversizedError
from lab_agents.messages.entry import KINDS, MAX_ENTRY_BYTES, Body, Entry, Kind, find_id, kind, read_entry
from tests.golden.write_missing import FOLDER, path_of
from tests.strategies import entries

PUBLISHERS = {
    "agent": {"AgentStarted", "TimerRang", "TroubleMet"},
    "worker": {
        *("BidMade", "BidRefused", "AwardAccepted", "AwardDeclined", "TaskStarted", "TaskDone", "TaskFailed"),
        *("SampleMade", "SampleMoved", "SampleQuarantined", "ConsumableUsed", "MeasurementTaken", "CalibrationMade"),
        *("ConsumableLoaded", "WorkAmended"),
        *("ReservationRequested", "ReservationMade", "ReservationRefused", "ReservationReleased"),
    },
    "planning": {"ProposalMade", "WindowClosed", "WorkAwarded", "AwardWithdrawn", "PlannerExhausted", "BudgetSpent"},
    "analysis": {"ObservationMade", "MeasurementConcluded", "RemeasureRequested", "StandardRead"},
    "training": {"ModelTrained"},
    "supervision": {
        *("CampaignStarted", "CampaignPaused", "CampaignResumed", "CampaignClosing", "CampaignFinished"),
        *("BudgetGranted", "TicketOpened", "TicketClosed", "ObservationRetracted", "ControlJudged"),
        *("AgentDeclaredOut", "AgentDeclaredIn", "StopRecorded", "Rearmed", "AmendmentAdmitted"),
        "DrillPassed",
    },
    "recorder": {"LabOpened", "LabChanged", "EntryRefused"},
    "person": {
        *("StartCampaign", "AbortCampaign", "PauseCampaign", "ResumeCampaign"),
        *("GiveApproval", "DenyApproval", "AnswerTicket", "EntryVoided", "RetractObservation", "AmendWork"),
    },
}
"""The protocol's table: each kind belongs to one role."""


def test_each_kind_belongs_to_the_role_that_the_protocol_gives_it():
    assert {name: known.publisher for name, known in KINDS.items()} == {
        name: publisher for publisher, names in PUBLISHERS.items() for name in names
    }


@given(entry=entries())
def test_reading_undoes_writing(entry):
    again = read_entry(entry.to_bytes())
    assert again == entry
    assert again.to_bytes() == entry.to_bytes()
    assert read_entry(entry.to_bytes(), stored=True) == entry


@given(entry=entries(), hours=st.integers(1, 1000))
def test_a_decision_taken_again_is_the_same_at_another_time(entry, hours):
    later = entry.model_copy(update={"at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)})
    assert entry.same_as(later)
    assert not entry.same_as(later.model_copy(update={"cause": (entry.cause or 0) + 1}))
    assert not entry.same_as(later.model_copy(update={"subject": entry.subject + "x"}))


@given(data=st.one_of(st.binary(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_whatever_else_arrives_is_a_message_error(data):
    with pytest.raises(MessageError):
        read_entry(data)


@given(entry=entries(), wrong=st.sampled_from(["id", "kind", "schema_version", "at", "subject", "record"]))
def test_an_entry_that_lacks_a_field_is_refused(entry, wrong):
    raw = json.loads(entry.to_bytes())
    del raw[wrong]
    with pytest.raises(MessageError):
        read_entry(json.dumps(raw).encode())


@given(entry=entries())
def test_an_entry_with_a_field_too_many_is_refused(entry):
    raw = json.loads(entry.to_bytes())
    for place in (raw, raw["record"]):
        place["colour"] = "red"
        with pytest.raises(MessageError, match="colour"):
            read_entry(json.dumps(raw).encode())
        del place["colour"]


def test_not_a_number_is_refused():
    raw = _started().to_bytes().replace(b'"epoch":1', b'"epoch":NaN')
    with pytest.raises(MessageError):
        read_entry(raw)


def test_an_unknown_kind_or_version_names_itself():
    raw = _started().to_bytes()
    with pytest.raises(MessageError, match="'AgentDanced' of entry a/1/1 is unknown"):
        read_entry(raw.replace(b"AgentStarted", b"AgentDanced"))
    with pytest.raises(MessageError, match="schema version 7; this version writes 1"):
        read_entry(raw.replace(b'"schema_version":1', b'"schema_version":7'))


def test_an_entry_above_the_limit_is_refused_by_both_ends():
    entry = _started(version="v" * MAX_ENTRY_BYTES)
    with pytest.raises(OversizedError, match="AgentStarted a/1/1 has"):
        entry.to_bytes()
    with pytest.raises(OversizedError):
        read_entry(entry.model_dump_json().encode())


def test_the_id_of_an_unreadable_entry_is_found_where_it_has_one():
    raw = _started().to_bytes()
    for broken in (raw.replace(b"AgentStarted", b"AgentDanced"), raw.replace(b'"epoch":1', b'"epoch":NaN')):
        assert find_id(broken) == "a/1/1"
    for broken in (raw[:-1], b"[1]", b"7", b"\xff", b'{"id": 7}', b'{"id": "not an id"}'):
        assert find_id(broken) is None


def _started(version="0.1"):
    record = KINDS["AgentStarted"].models[1](agent="a", epoch=1, version=version)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(id="a/1/1", kind="AgentStarted", schema_version=1, at=at, subject="a", record=record)


@pytest.fixture
def furnace_heated():
    """A kind at its third version, with what it was before."""

    class First(Body):
        degrees: float

    class Second(Body):
        celsius: float

    @kind(
        "worker",
        version=3,
        earlier={1: First, 2: Second},
        upcasts={1: lambda old: {"celsius": old["degrees"]}, 2: lambda old: {**old, "hold": 0.0}},
    )
    class FurnaceHeated(Body):
        celsius: float
        hold: float

    yield FurnaceHeated
    del KINDS["FurnaceHeated"]


def test_a_stored_entry_is_read_by_its_version_and_lifted_to_the_present_one(furnace_heated):
    raw = json.loads(_started().to_bytes()) | {"kind": "FurnaceHeated", "record": {"degrees": 350.0}}
    entry = read_entry(json.dumps(raw).encode(), stored=True)
    assert entry.record == furnace_heated(celsius=350.0, hold=0.0)
    assert entry.schema_version == 3
    with pytest.raises(MessageError, match="schema version 1; this version writes 3"):
        read_entry(json.dumps(raw).encode())


@pytest.mark.parametrize("name", sorted(KINDS))
def test_there_is_a_golden_file_for_each_version_and_a_model_to_read_it(name):
    known: Kind = KINDS[name]
    assert {path_of(known, version) for version in known.models} == set(FOLDER.glob(f"{name}-*.json"))
    assert set(known.upcasts) >= set(range(min(known.models), known.version))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_what_any_version_wrote_is_read(path):
    raw = path.read_bytes().rstrip()
    entry = read_entry(raw, stored=True)
    assert entry.kind == path.stem.partition("-")[0]
    if KINDS[entry.kind].version == int(path.stem.partition("-")[2]):
        assert _holds(json.loads(entry.to_bytes()), json.loads(raw))


def _holds(richer, poorer):
    """Whether everything of `poorer` stands in `richer`: fields are only added."""
    if isinstance(poorer, dict):
        return isinstance(richer, dict) and all(key in richer and _holds(richer[key], poorer[key]) for key in poorer)
    if isinstance(poorer, list):
        return len(richer) == len(poorer) and all(map(_holds, richer, poorer))
    return richer == poorer
