import pytest

from lab_agents.agents.behaviour import Job
from lab_agents.blobs import DirectoryBlobs
from lab_agents.errors import BlobError
from lab_agents.replaying.computing import ComputeHere, ScratchBlobs


def job(arguments="7") -> Job:
    """A computing job."""
    return Job(id="1/double", cause=1, kind="compute", name="double", subject="x", arguments=arguments)


def double(name, arguments, blobs):
    """The job's work."""
    blobs.put(b"kept for nobody")
    return str(2 * int(arguments))


@pytest.fixture
def blobs(tmp_path):
    """A laboratory's blobs."""
    return DirectoryBlobs(tmp_path / "blobs")


def test_an_outcome_is_what_the_agents_executor_would_report(blobs):
    """The answer as JSON."""
    outcome = ComputeHere(double, ScratchBlobs(blobs)).compute(job())
    assert (outcome.ok, outcome.answer) == (True, "14")


def test_nothing_is_written_into_the_laboratorys_blobs(blobs):
    """What a job puts can be read again, until the replay ends."""
    scratch = ScratchBlobs(blobs)
    ComputeHere(double, scratch).compute(job())
    assert not blobs.folder.exists()
    assert scratch.get(scratch.put(b"new")) == b"new"


def test_what_the_laboratory_has_is_read_from_it(blobs):
    """And what nobody has is an error."""
    address = blobs.put(b"old")
    assert ScratchBlobs(blobs).get(address) == b"old"
    with pytest.raises(BlobError):
        ScratchBlobs(blobs).get("0" * 64)


def test_a_job_that_fails_says_why(blobs):
    """As a compute worker would."""
    outcome = ComputeHere(double, ScratchBlobs(blobs)).compute(job("seven"))
    assert not outcome.ok
    assert "ValueError: invalid literal" in outcome.error
