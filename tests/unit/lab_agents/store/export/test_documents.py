import json

from event_model import DocumentNames, schema_validators

from lab_agents.blobs import open_blobs
from lab_agents.store.export.documents import export_documents
from lab_agents.store.export.runs import read_documents
from lab_agents.store.reader import StoreReader
from tests.small_campaign import documents_of


def runs_in(path):
    """Start documents of an export, in order."""
    return [one.doc["uid"] for one in read_documents(path.read_bytes()) if one.name == "start"]


def test_every_run_of_the_log_is_exported_in_its_order_and_valid(book, tmp_path):
    """As event-model defines each document."""
    done = export_documents(book.state, tmp_path / "runs.jsonl", book.blobs)
    assert (done.n_runs, done.n_documents, done.n_interrupted, done.left_out) == (8, 16, 0, ())
    for one in read_documents(done.path.read_bytes()):
        schema_validators[DocumentNames[one.name]].validate(one.doc)
    with StoreReader(book.path) as reader:
        ends = [logged.entry.record for logged in reader.entries(("TaskDone",))]
    assert runs_in(done.path) == [result.run for end in ends for result in end.results]


def test_a_run_that_a_crash_interrupted_is_exported_after_the_others(book, tmp_path):
    """It stands in the document files only; an open one is left to its engine."""
    folder = book.state / "documents" / "line"
    folder.mkdir(parents=True)
    (folder / "abcd_interrupted.jsonl").write_bytes(documents_of("interrupted"))
    (folder / "abcd_open.open").write_bytes(documents_of("open"))
    done = export_documents(book.state, tmp_path / "runs.jsonl", book.blobs)
    assert (done.n_runs, done.n_interrupted) == (8, 1)
    assert runs_in(done.path)[-1] == "interrupted"


def test_a_run_that_is_missing_or_broken_is_left_out_and_named(book, tmp_path):
    """The others are exported."""
    with StoreReader(book.path) as reader:
        ends = [logged.entry.record for logged in reader.entries(("TaskDone",))]
    gone, broken = (end.results[0] for end in ends[:2])
    book.blobs.path(gone.blobs["documents"]).unlink()
    folder = book.state / "documents" / "arm"
    folder.mkdir(parents=True)
    (folder / "abcd_cut.jsonl").write_text(json.dumps({"name": "start", "doc": {"uid": "cut", "time": 1.0}}) + "\n")
    done = export_documents(book.state, tmp_path / "runs.jsonl", open_blobs(book.state / "blobs"))
    assert done.n_runs == 7
    assert [one.split(":")[0] for one in done.left_out] == [f"run {gone.run}", "run cut"]
    assert broken.run in runs_in(done.path)
