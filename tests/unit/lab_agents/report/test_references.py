"""What blanks and standards say of the instruments."""

import pytest

from lab_agents.analysis.standards import line_position, line_strength, transmittance
from lab_agents.blobs import DirectoryBlobs
from lab_agents.report.references import references, trends
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="module")
def account(folder):
    return tell(tell_absorber(folder, 12))


def test_each_reference_is_followed_over_laboratory_time(account, folder):
    found = trends(account, DirectoryBlobs(folder))
    assert [t.name for t in found] == ["blank: transmittance", "silicon: line (° 2θ)", "silicon: counts per second"]
    assert all(len(t.values) == 3 and t.hours == sorted(t.hours) for t in found)
    assert "from 28.4" in references(account, DirectoryBlobs(folder)).caption


def test_a_blank_is_clear_and_silicon_has_its_first_line(account, folder):
    blobs = DirectoryBlobs(folder)
    blank, silicon = (blobs.get(account.checks[name].measurements[0].raw) for name in ("blank-1", "silicon-1"))
    assert 0.8 < transmittance(blank) < 1.0
    assert line_position(silicon) == pytest.approx(28.45, abs=0.03)
    assert line_strength(silicon) > 1000


def test_records_that_are_gone_cost_only_their_figure(account, tmp_path):
    assert references(account, DirectoryBlobs(tmp_path)) is None
    assert references(account, None) is None


def test_a_campaign_without_references_draws_none(tmp_path):
    assert references(tell(tell_campaign(4, failing=None)), DirectoryBlobs(tmp_path)) is None
