"""What a budget of consumables and money pays for, as whoever is awarded counts it."""

from datetime import timedelta

import pytest

from lab_agents.agents.means import find_unpaid, follow_means
from lab_agents.messages.course import CampaignFinished, CampaignStarted
from lab_agents.messages.work import ConsumableUsed
from lab_agents.records.campaign import Budget
from lab_agents.records.prices import Prices
from tests.model_lab import START, plan
from tests.story import logged

PRICES = Prices(hour=10.0, consumables={"ink": 2.0})
LIMITED = Budget(samples=9, consumables={"ink": 10.0}, money=50.0)


def told(budget: Budget, *drawn: float):
    """The means once a campaign of this budget was started and so much ink drawn."""
    means = follow_means({}, logged(1, "supervision", CampaignStarted(plan=plan(budget=budget), person="ada")))
    for position, amount in enumerate(drawn, start=2):
        means = follow_means(
            means, logged(position, "line_a", ConsumableUsed(consumable="ink", amount=amount, work="w"))
        )
    return means


def test_only_a_campaign_that_limits_means_has_any():
    """Samples and hours are not means; the end of a campaign takes them away."""
    assert told(Budget(samples=9, hours=3.0), 1.0) == {}
    means = told(LIMITED, 1.0, 2.5)
    assert means["opv"].spending.drawn == {"ink": 3.5}
    assert (
        follow_means(means, logged(9, "supervision", CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0)))
        == {}
    )


@pytest.mark.parametrize(
    ("drawn", "promised", "hours", "needed", "lacks"),
    [
        (4.0, [3.0], 0.0, 3.0, ""),
        (4.0, [3.0], 0.0, 3.1, "ink: 3 of the budget are left, 3.1 are needed"),
        (4.0, [3.0, 1.0], 0.0, 3.0, "ink: 2 of the budget are left, 3 are needed"),
        (0.0, [], 4.0, 5.0, ""),
        (0.0, [], 4.0, 5.5, "10.00 EUR of the budget are left, 11.00 EUR are needed"),
        (9.9, [], 9.0, 0.0, ""),
    ],
)
def test_what_was_drawn_or_taken_on_is_gone_and_hours_cost_when_they_have_passed(drawn, promised, hours, needed, lacks):
    """Work that draws nothing is always paid for: what was made is measured."""
    means = told(LIMITED, drawn)["opv"]
    now = means.started_at + timedelta(hours=hours)
    needs = {"ink": needed} if needed else {}
    assert find_unpaid(means, PRICES, now, [{"ink": amount} for amount in promised], needs) == lacks


def test_without_limits_everything_is_paid_for():
    """Whatever it would draw."""
    assert find_unpaid(None, PRICES, START, [], {"ink": 1e9}) == ""
