"""What each campaign's budget of consumables and money still pays for, judged from the log by whoever is awarded.

Planning withholds what cannot be paid for. A line judges it again, as it does samples and approvals (`grants`): by what
the log shows as drawn, and by what it and others have taken on and not drawn yet. It counts no more than planning does:
what is awarded and not accepted is nobody's promise yet, and the hours of a work cost when they have passed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import AwareDatetime

from lab_agents.agents.spending import Spending, find_purse, follow_spending
from lab_agents.messages.course import CampaignFinished, CampaignStarted
from lab_agents.messages.frames import Logged
from lab_agents.records.base import FrozenMap, Record, with_item, without_item
from lab_agents.records.campaign import Budget
from lab_agents.records.prices import Prices


class Means(Record):
    """One campaign whose budget limits consumables or money, and what it has drawn."""

    budget: Budget
    started_at: AwareDatetime
    spending: Spending = Spending()


AllMeans = FrozenMap[str, Means]


def follow_means(means: AllMeans, logged: Logged) -> AllMeans:
    """The means of open campaigns after an entry; a campaign that limits only samples and hours has none."""
    campaign, body = logged.entry.campaign or "", logged.entry.record
    match body:
        case CampaignStarted(plan=plan):
            is_limited = bool(plan.budget.consumables) or plan.budget.money is not None
            begun = Means(budget=plan.budget, started_at=logged.entry.at)
            return with_item(means, plan.name, begun) if is_limited else means
        case CampaignFinished():
            return without_item(means, campaign) if campaign in means else means
        case _ if campaign in means:
            spending = follow_spending(means[campaign].spending, logged)
            if spending is means[campaign].spending:
                return means
            return with_item(means, campaign, means[campaign].model_copy(update={"spending": spending}))
        case _:
            return means


def find_unpaid(
    means: Means | None,
    prices: Prices,
    now: datetime,
    promised: Iterable[Mapping[str, float]],
    needed: Mapping[str, float],
) -> str:
    """Why the rest of a budget does not pay for a work, in words, or an empty text.

    Args:
        means: Of the work's campaign; None where it limits neither consumables nor money.
        prices: Of the laboratory.
        now: Laboratory time.
        promised: What works that were taken on will draw, consumable → amount.
        needed: What this one would draw.
    """
    purse = None if means is None else find_purse(means.budget, means.spending, prices, means.started_at, now)
    if purse is None or not needed:
        return ""
    for amounts in promised:
        purse = purse.less_of(amounts)
    return purse.find_lack_of(needed)
