"""Controls and drift."""

import pytest

from lab_agents.report.account import Account
from lab_agents.report.checks import checks, series_of, tally
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return tell(tell_absorber(tmp_path_factory.mktemp("blobs"), 12))


def test_checks_are_counted_by_kind_with_their_measurements(account):
    assert tally(account) == [("blank", 3, 3), ("control", 3, 0), ("standard", 3, 3)]


def test_controls_are_followed_over_laboratory_time(account):
    gap = next(s for s in series_of(account) if s.name == "gap")
    assert len(gap.hours) == 3
    assert gap.hours == sorted(gap.hours)
    assert min(o.value for o in gap.seen) < gap.mean < max(o.value for o in gap.seen)


def test_a_control_far_from_the_others_is_marked(account):
    gap = next(s for s in series_of(account) if s.name == "gap")
    gap.seen[0] = gap.seen[0].model_copy(update={"value": gap.mean + 0.1})
    assert gap.beyond[0]
    assert "laboratory hours" in checks(account).svg


def test_a_campaign_without_controls_draws_none():
    assert checks(Account()) is None
    assert tally(Account()) == []
