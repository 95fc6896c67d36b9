"""Where a laboratory's blobs are: one answer for every process and command."""

import pytest

from lab_agents.blob_place import blobs_of, location_of
from lab_agents.blobs import DirectoryBlobs, RemoteBlobs
from lab_agents.errors import BlobError, StateFolderError
from lab_agents.state_folder import StateFolder


@pytest.fixture
def folder(tmp_path):
    return StateFolder.create(tmp_path / "state", "toy", b"name: toy\n")


def test_they_are_in_the_state_folder_unless_the_lab_file_says_otherwise(folder):
    assert location_of(folder.path) == folder.blobs
    assert isinstance(blobs_of(folder.path), DirectoryBlobs)


def test_a_folder_without_a_lab_file_has_its_own(tmp_path):
    """What tests and foreign programs write by hand."""
    assert location_of(tmp_path) == tmp_path.resolve() / "blobs"


def test_elsewhere_each_state_folder_has_a_part_of_its_own(folder, tmp_path):
    other = StateFolder.create(tmp_path / "other", "toy", b"name: toy\n")
    for one in (folder, other):
        one.lab_file.write_text("name: toy\nblobs: s3://bucket/raw/\n")
    assert location_of(folder.path) == f"s3://bucket/raw/{folder.mark}"
    assert folder.mark.startswith("toy-")
    assert location_of(folder.path) != location_of(other.path)


def test_a_local_address_is_written_with_the_care_of_a_local_folder(folder, tmp_path):
    folder.lab_file.write_text(f"name: toy\nblobs: file://{tmp_path}/far%20away\n")
    blobs = blobs_of(folder.path)
    assert isinstance(blobs, DirectoryBlobs)
    assert blobs.folder == tmp_path / "far away" / folder.mark


def test_a_place_that_ends_with_its_process_is_refused(folder):
    folder.lab_file.write_text("name: toy\nblobs: memory://raw\n")
    with pytest.raises(BlobError, match="would be lost with each process"):
        blobs_of(folder.path)


def test_a_protocol_that_nothing_installed_speaks_is_said(folder):
    folder.lab_file.write_text("name: toy\nblobs: nosuch://raw\n")
    with pytest.raises(BlobError, match=r"cannot be kept at nosuch://.*nosuch.*Install what speaks it"):
        blobs_of(folder.path)


def test_other_protocols_go_through_their_own_package(folder, tmp_path):
    folder.lab_file.write_text(f"name: toy\nblobs: local://{tmp_path}/remote\n")
    blobs = blobs_of(folder.path)
    assert isinstance(blobs, RemoteBlobs)
    assert blobs.get(blobs.put(b"raw")) == b"raw"


def test_a_lab_file_that_is_no_yaml_is_said(folder):
    folder.lab_file.write_text("name: [")
    with pytest.raises(StateFolderError, match="cannot be read"):
        blobs_of(folder.path)
