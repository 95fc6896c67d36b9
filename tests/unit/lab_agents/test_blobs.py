"""Blobs are what their address says, or an error."""

import resource
import time
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.blobs import Blobs, DirectoryBlobs, RemoteBlobs, open_blobs
from lab_agents.errors import BlobError


@pytest.fixture(params=["directory", "remote"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each place that blobs may be kept in."""
    return open_blobs(tmp_path if request.param == "directory" else f"memory://{tmp_path.name}")


def test_what_was_put_is_got(blobs: Blobs) -> None:
    """The address is the content's, so putting it twice changes nothing."""
    address = blobs.put(b"raw")
    assert blobs.put(b"raw") == address
    assert blobs.get(address) == b"raw"


def test_a_missing_blob_says_where_it_was_looked_for(blobs: Blobs) -> None:
    """And which one it was."""
    with pytest.raises(BlobError, match="is missing from"):
        blobs.get("0" * 64)


def test_blobs_can_be_listed_and_deleted(blobs: Blobs) -> None:
    """What is gone already is no mistake."""
    assert isinstance(blobs, DirectoryBlobs | RemoteBlobs)
    assert list(blobs.kept()) == []
    addresses = {blobs.put(data): len(data) for data in (b"", b"raw", b"more")}
    assert {one.address: one.size for one in blobs.kept()} == addresses
    assert all(abs(one.at - time.time()) < 3600 for one in blobs.kept())
    for address in addresses:
        blobs.remove(address)
        blobs.remove(address)
    assert list(blobs.kept()) == []


def test_what_a_broken_connection_left_is_written_again() -> None:
    """A remote may keep the first half of a write under its name."""
    blobs = RemoteBlobs("memory://halves")
    address = blobs.put(b"whole")
    fsspec.filesystem("memory").pipe_file(f"/halves/{address[:2]}/{address}", b"who")
    assert blobs.get(blobs.put(b"whole")) == b"whole"


def test_a_changed_blob_is_found_out(tmp_path: Path) -> None:
    """A disk that flips a bit does not flip a conclusion."""
    blobs = DirectoryBlobs(tmp_path)
    address = blobs.put(b"raw")
    blobs.path(address).write_bytes(b"raW")
    with pytest.raises(BlobError, match="holds other content"):
        blobs.get(address)


def test_an_address_cannot_leave_the_folder(tmp_path: Path) -> None:
    """Sixty-four hexadecimal digits and nothing else."""
    with pytest.raises(BlobError, match="is no blob address"):
        DirectoryBlobs(tmp_path).get("../../etc/passwd")


def test_no_half_written_blob_is_left_under_an_address(tmp_path: Path) -> None:
    """Files are renamed into place; nothing else stands there afterwards."""
    DirectoryBlobs(tmp_path).put(b"x" * 100_000)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [len(path.name) for path in files] == [64]


@given(data=st.binary(max_size=2000))
def test_any_bytes_come_back(data: bytes) -> None:
    """Empty ones too."""
    blobs = RemoteBlobs("memory://any")
    assert blobs.get(blobs.put(data)) == data


def test_a_disk_that_takes_nothing_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    """Which blob, where, why, and what to do; the same bytes are kept once the disk takes them."""
    blobs = DirectoryBlobs(tmp_path / "blobs")
    blobs.folder.write_text("where the folder should be")
    with pytest.raises(BlobError, match=r"of 3 bytes cannot be kept in .*blobs: Not a directory. Free the disk"):
        blobs.put(b"raw")
    blobs.folder.unlink()
    assert blobs.get(blobs.put(b"raw")) == b"raw"


def test_a_file_that_grows_too_large_leaves_no_remains(tmp_path: Path) -> None:
    """The half-written file beside the address is taken away: a full disk must not fill further."""
    blobs = DirectoryBlobs(tmp_path)
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, former[1]))
    try:
        with pytest.raises(BlobError, match="of 2000 bytes cannot be kept"):
            blobs.put(b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_blob_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A folder in its place, a broken disk."""
    blobs = DirectoryBlobs(tmp_path)
    blobs.path("0" * 64).mkdir(parents=True)
    with pytest.raises(BlobError, match=r"cannot be read from .*: Is a directory"):
        blobs.get("0" * 64)
