"""Documents of every run are kept whole, whatever happens to the process."""

import json
import time

import numpy as np
import pytest
from event_model import compose_run

from instruments.documents import DocumentFiles
from instruments.errors import DocumentsError

TOKEN = "0f" * 8


def _run(value=1.5):
    """The documents of one small run, as (name, document)."""
    run = compose_run(metadata={"token": TOKEN, "laboratory_time": "2026-01-01T00:00:00+00:00"})
    key = {"x": {"dtype": "number", "shape": [], "source": "paper"}}
    described = run.compose_descriptor(name="primary", data_keys=key)
    event = described.compose_event(data={"x": value}, timestamps={"x": time.time()})
    return [
        ("start", run.start_doc),
        ("descriptor", described.descriptor_doc),
        ("event", event),
        ("stop", run.compose_stop()),
    ]


@pytest.fixture
def files(tmp_path):
    opened = DocumentFiles(tmp_path)
    yield opened
    opened.close()


def _feed(files, documents):
    for name, document in documents:
        files(name, document)


def test_a_run_becomes_one_file_of_json_lines(files, tmp_path):
    documents = _run()
    _feed(files, documents)
    uid, kept, content = files.finish()
    assert uid == documents[0][1]["uid"]
    assert [json.loads(line) for line in content.splitlines()] == list(kept)
    assert [line["name"] for line in kept] == ["start", "descriptor", "event", "stop"]
    assert (tmp_path / f"{TOKEN}_{uid}.jsonl").read_bytes() == content
    assert files.start_of(TOKEN)["uid"] == uid
    assert files.start_of("00" * 8) is None


@pytest.mark.parametrize(
    ("value", "kept"), [(np.float32(1.5), 1.5), (np.array([1.0, 2.0]), [1.0, 2.0]), (np.int64(3), 3)]
)
def test_numpy_becomes_plain_numbers(files, value, kept):
    documents = _run()
    documents[2][1]["data"]["x"] = value
    _feed(files, documents)
    assert files.finish()[1][2]["doc"]["data"] == {"x": kept}


def test_what_is_no_json_is_no_document(files):
    name, document = _run()[0]
    with pytest.raises(TypeError, match="which is no JSON"):
        files(name, {**document, "what": object()})


def test_the_youngest_run_of_a_token_is_found(files):
    _feed(files, _run())
    files.finish()
    younger = _run()
    _feed(files, younger)
    files.finish()
    assert files.start_of(TOKEN)["uid"] == younger[0][1]["uid"]


@pytest.mark.parametrize("n_documents", [1, 2, 3])
@pytest.mark.parametrize("torn", [b"", b'{"name":"ev'])
def test_a_run_that_a_crash_left_open_is_closed_as_failed(tmp_path, n_documents, torn):
    dead = DocumentFiles(tmp_path)
    documents = _run()
    _feed(dead, documents[:n_documents])
    dead.settle().result()
    dead.close()
    (open_file,) = tmp_path.glob("*.open")
    open_file.write_bytes(open_file.read_bytes() + torn)
    after = DocumentFiles(tmp_path)
    (closed,) = after.close_interrupted("the process died")
    after.close()
    lines = [json.loads(line) for line in closed.read_bytes().splitlines()]
    assert [line["name"] for line in lines] == [*[name for name, _ in documents[:n_documents]], "stop"]
    stop = lines[-1]["doc"]
    assert (stop["exit_status"], stop["reason"]) == ("fail", "the process died")
    assert stop["run_start"] == documents[0][1]["uid"]
    assert stop["num_events"] == ({"primary": n_documents - 2} if n_documents > 1 else {})
    assert not list(tmp_path.glob("*.open"))


def test_a_whole_run_whose_rename_was_lost_is_only_sealed(tmp_path):
    files = DocumentFiles(tmp_path)
    _feed(files, _run())
    _, _, content = files.finish()
    files.close()
    (sealed,) = tmp_path.glob("*.jsonl")
    sealed.rename(sealed.with_suffix(".open"))
    after = DocumentFiles(tmp_path)
    after.close_interrupted("the process died")
    after.close()
    assert sealed.read_bytes() == content


def test_an_invalid_document_fails_its_run(files):
    documents = _run()
    bad = dict(documents[2][1])
    del bad["seq_num"]
    _feed(files, [documents[0], documents[1], ("event", bad), documents[3]])
    with pytest.raises(DocumentsError, match=r"event document .* is not valid"):
        files.finish()


def test_a_disk_that_takes_nothing_is_said_with_the_remedy(tmp_path):
    files = DocumentFiles(tmp_path / "documents")
    (tmp_path / "documents").rmdir()
    _feed(files, _run())
    with pytest.raises(DocumentsError, match="Free the disk"):
        files.finish()
    files.close()


def test_the_next_run_after_a_failed_one_is_kept(files):
    _feed(files, [("event", _run()[2][1])])
    with pytest.raises(DocumentsError, match="before any start"):
        files.finish()
    _feed(files, _run())
    files.finish()
