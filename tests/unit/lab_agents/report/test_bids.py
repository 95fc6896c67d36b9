"""Who made what, and why."""

from datetime import timedelta

import pytest

from lab_agents.report.bids import bidding, makers
from lab_agents.report.telling import tell
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def account():
    return tell(tell_campaign(60))


def test_each_line_is_counted_with_what_it_promised(account):
    rows = {m.name: m for m in makers(account)}
    assert rows["line_a"].n_made + rows["line_b"].n_made == 59
    assert rows["line_a"].n_won + rows["line_b"].n_won == 59
    assert rows["line_b"].n_failed == 1
    assert (rows["line_a"].offered, rows["line_a"].chance) == (timedelta(minutes=12), pytest.approx(0.97))


def test_a_samples_bids_are_told_in_words(account):
    assert "line_a offered 12 min 0 s, 97 % sure" in bidding(account.samples["opv_blend-0001"])
    assert "awarded to line_a: 3.2 per hour" in bidding(account.samples["opv_blend-0001"])
