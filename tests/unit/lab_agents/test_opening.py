"""Whether a log may go on with a laboratory."""

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.errors import StoreError
from lab_agents.messages.life import AgentStarted, LabOpened
from lab_agents.opening import check_goes_on
from tests.small_log import LABORATORY

MOVED = LABORATORY.model_copy(update={"blobs": "s3://bucket/raw"})


@pytest.fixture
def blobs(tmp_path):
    return DirectoryBlobs(tmp_path)


@pytest.fixture
def opened(blobs):
    return LabOpened(laboratory=LABORATORY, file=blobs.put(b"lab: file"), version="1")


def test_the_same_laboratory_goes_on_with_its_campaign(opened, blobs):
    assert check_goes_on(opened, LABORATORY, blobs, 1) is opened


def test_a_changed_laboratory_goes_on_only_between_campaigns(opened, blobs):
    other = opened.laboratory.model_copy(update={"name": "other"})
    assert check_goes_on(opened, other, blobs, 0) is opened
    with pytest.raises(StoreError, match="The lab file changed while a campaign is open"):
        check_goes_on(opened, other, blobs, 1)


def test_raw_data_must_lie_where_the_lab_file_says(opened, blobs, tmp_path):
    assert check_goes_on(opened, MOVED, blobs, 0) is opened, "they were copied there"
    with pytest.raises(StoreError, match=r"keeps blobs at s3://bucket/raw, .* not there .*Copy them first"):
        check_goes_on(opened, MOVED, DirectoryBlobs(tmp_path / "empty"), 0)


def test_a_log_of_another_program_is_refused(blobs):
    with pytest.raises(StoreError, match="not made by this program"):
        check_goes_on(AgentStarted(agent="a", epoch=1, version="1"), LABORATORY, blobs, 0)
