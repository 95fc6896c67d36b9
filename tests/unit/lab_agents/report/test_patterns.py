"""Diffraction patterns with their fitted phases."""

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.report.patterns import patterns
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="module")
def account(folder):
    return tell(tell_absorber(folder, 12))


def test_the_best_sample_is_drawn_with_its_phases_and_lattice(account, folder):
    figure = patterns(account, DirectoryBlobs(folder), n=1)
    assert f"{account.best(1)[0].id}: lattice 6." in figure.svg
    assert "perovskite" in figure.svg
    assert "square-root scale" in figure.caption


def test_a_pattern_that_is_gone_costs_only_its_figure(account, tmp_path):
    assert patterns(account, DirectoryBlobs(tmp_path)) is None
    assert patterns(account, None) is None


def test_a_campaign_without_patterns_draws_none(tmp_path):
    assert patterns(tell(tell_campaign(4, failing=None)), DirectoryBlobs(tmp_path)) is None
