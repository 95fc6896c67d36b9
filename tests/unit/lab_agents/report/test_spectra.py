"""Absorption spectra with their fitted edges."""

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.report.spectra import spectra
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blobs")


@pytest.fixture(scope="module")
def log(folder):
    return tell_absorber(folder, 12)


def test_the_best_sample_is_drawn_before_and_after_light_with_its_gap(log, folder):
    account = tell(log)
    figure = spectra(account, DirectoryBlobs(folder), n=1)
    assert account.best(1)[0].id in figure.svg
    assert "as made: 1.3" in figure.svg
    assert "after light: 1.3" in figure.svg


def test_a_film_without_an_edge_says_so(log, folder):
    account = tell(log)
    account.observed = ["absorber-0002"]
    assert "as made: no gap" in spectra(account, DirectoryBlobs(folder)).svg


def test_a_spectrum_that_is_gone_costs_only_its_figure(log, tmp_path):
    assert spectra(tell(log), DirectoryBlobs(tmp_path)) is None
    assert spectra(tell(log), None) is None


def test_a_campaign_without_spectra_draws_none(tmp_path):
    assert spectra(tell(tell_campaign(4, failing=None)), DirectoryBlobs(tmp_path)) is None
