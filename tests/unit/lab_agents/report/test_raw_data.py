"""The raw records behind a sample's conclusions."""

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.report.raw_data import evidence_of, last_of_kind
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="module")
def account(folder):
    return tell(tell_absorber(folder, 8))


def test_a_spectrum_after_light_comes_with_the_one_before_and_the_blank(account, folder):
    sample, blobs = account.samples["absorber-0005"], DirectoryBlobs(folder)
    after = last_of_kind(sample, "spectrum")
    evidence = evidence_of(account, sample, after, blobs)
    assert (after.step, set(evidence.earlier)) == (3, {"before", "blank"})
    assert evidence.earlier["before"] == blobs.get(last_of_kind(sample, "spectrum", 0).raw)
    assert evidence.earlier["blank"] == blobs.get(account.checks["blank-2"].measurements[0].raw)
    assert evidence.made is sample.sample.made


def test_a_pattern_comes_with_the_standard_of_its_day(account, folder):
    sample = account.samples["absorber-0001"]
    evidence = evidence_of(account, sample, last_of_kind(sample, "pattern"), DirectoryBlobs(folder))
    assert set(evidence.earlier) == {"silicon"}


def test_a_record_that_is_gone_is_no_evidence(account, tmp_path):
    sample = account.samples["absorber-0001"]
    assert evidence_of(account, sample, sample.measurements[0], DirectoryBlobs(tmp_path)) is None


def test_what_was_never_measured_has_no_record(account):
    assert last_of_kind(account.samples["absorber-0007"], "pattern") is None
