"""What can be asked of an account."""

from datetime import timedelta

import pytest

from lab_agents.report.account import Account, campaigns_in, value_of
from lab_agents.report.telling import tell
from tests.told_absorber import tell_absorber
from tests.told_campaign import tell_campaign


def test_campaigns_are_found_with_their_ends():
    log = tell_campaign(4, failing=None)
    assert campaigns_in(log) == {"opv_blend": (10, len(log))}
    assert campaigns_in(log[:-1]) == {"opv_blend": (10, None)}
    assert campaigns_in(log[:5]) == {}


def test_times_run_from_the_start_of_the_campaign():
    account = tell(tell_campaign(4, failing=None))
    assert account.lab_time == timedelta(minutes=4 * 74)
    assert account.wall_time > timedelta()


def test_an_empty_account_has_nothing():
    account = Account()
    assert account.best(3) == []
    assert account.lab_time == timedelta()
    assert not account.is_complete


def test_a_sample_that_was_not_measured_has_no_value():
    account = tell(tell_campaign(8, failing=2))
    with pytest.raises(ValueError, match="opv_blend-0003 has no value of degradation"):
        value_of(account.samples["opv_blend-0003"])


def test_only_hits_are_best_and_the_nearest_follow(tmp_path):
    account = tell(tell_absorber(tmp_path, 12))
    assert [s.id for s in account.hits()] == [s.id for s in account.best(5)] == ["absorber-0010"]
    leading = account.leading(3)
    assert leading[0].is_hit
    assert [s.is_hit for s in leading[1:]] == [False, False]
    assert leading[1].chance >= leading[2].chance


def test_without_a_chance_the_nearest_is_what_meets_and_shows_most(tmp_path):
    account = tell(tell_absorber(tmp_path, 4))
    yellow = account.samples["absorber-0002"]
    assert account.leading(4)[-1] is yellow
    assert yellow.n_met == 0
