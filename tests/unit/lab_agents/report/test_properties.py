"""Every property over samples."""

import pytest

from lab_agents.records.target import Constraint
from lab_agents.report.account import Account
from lab_agents.report.properties import frame, properties
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return tell(tell_absorber(tmp_path_factory.mktemp("blobs"), 12))


def test_each_property_of_the_target_has_a_panel_and_hits_are_counted(account):
    figure = properties(account)
    for words in ("lead", "gap (eV)", "perovskite fraction", "gap shift (eV)", "kept", "best hit so far"):
        assert words in figure.svg
    assert "1 sample of 11 is a hit (stars)" in figure.caption
    assert "crosses mark what could not be read (1 sample)" in figure.caption


def test_a_target_without_constraints_has_no_such_figure():
    assert properties(tell(tell_campaign(4, failing=None))) is None
    assert properties(Account()) is None


def test_a_frame_holds_the_band_whatever_the_samples():
    low, high = frame([3.0], Constraint(property="gap", lower=1.33, upper=1.37))
    assert low < 1.33
    assert 1.37 < high < 1.5
    assert frame([0.2], Constraint(property="kept", lower=0.9))[0] < 0.2
    assert frame([], None)[0] < frame([], None)[1]


def test_one_far_sample_does_not_flatten_the_others():
    values = [1.3 + 0.001 * i for i in range(40)] + [9.0]
    assert frame(values, Constraint(property="gap", lower=1.33))[1] < 2.0
    assert frame(values, None)[1] > 9.0
