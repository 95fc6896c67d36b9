import pytest

from lab_agents.auditing.content import check_blobs, check_documents, check_log
from lab_agents.auditing.evidence import gather
from lab_agents.blobs import DirectoryBlobs
from lab_agents.store.reader import StoreReader
from lab_agents.store.summaries import ChainReport


@pytest.fixture
def evidence(book):
    """What the small campaign's log says."""
    with StoreReader(book.path) as reader:
        return gather(reader.sealed())


def test_faults_of_the_chain_become_findings():
    """One each."""
    check = check_log(ChainReport("log", "lab", 9, "0" * 64, ("position 3: the chain …",)))
    assert (check.n_checked, [one.what for one in check.findings]) == (9, ["position 3: the chain …"])


def test_each_blob_is_read_and_hashed_once(book, evidence):
    """Equal content has one address, however many entries name it."""
    check = check_blobs(evidence, book.blobs)
    assert check.findings == ()
    assert check.n_checked == len(list(book.state.rglob("blobs/*/*")))


def test_a_blob_store_that_lost_everything_is_found_out(evidence, tmp_path):
    """Every address, with the entry that names it."""
    check = check_blobs(evidence, DirectoryBlobs(tmp_path / "empty"))
    assert len(check.findings) == check.n_checked
    assert all(finding.position for finding in check.findings)


def test_a_missing_run_is_told_once_by_the_check_of_the_blobs(evidence, tmp_path):
    """The check of the documents leaves it to that one."""
    assert check_documents(evidence, DirectoryBlobs(tmp_path / "empty")).findings == ()


def test_documents_of_another_token_are_found(book, evidence):
    """The run's own metadata must agree with the log."""
    assert check_documents(evidence, book.blobs).findings == ()
    name, run = next(iter(evidence.runs.items()))
    data = b'{"name":"start","doc":{"uid":"%s","time":1.0,"token":"feed"}}\n' % name.encode()
    stop = book.blobs.get(run.documents).splitlines(keepends=True)[-1]
    evidence.runs[name] = type(run)(run.position, book.blobs.put(data + stop), run.token)
    assert [one.what for one in check_documents(evidence, book.blobs).findings] == [
        f"the start document names token feed, not {run.token}"
    ]
