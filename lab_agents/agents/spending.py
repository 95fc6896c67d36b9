"""What a campaign has drawn of what its budget limits, and what is left for the next sample.

Planning awards no new sample that the rest of a budget cannot pay for; measuring what was made is never withheld. What
was awarded counts from the award on, as its bid says, until it was drawn.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import Field

from lab_agents.agents.contests import Contest, Standing
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import ConsumableUsed, ReservationRefused, ReservationReleased, SampleQuarantined
from lab_agents.records.base import FrozenMap, Record, with_item, without_item
from lab_agents.records.campaign import Budget
from lab_agents.records.prices import Prices

Amounts = FrozenMap[str, float]


class Spending(Record):
    """What a campaign has drawn, by consumable; `by_work` is the part of works that have not ended."""

    drawn: Amounts = Field(default_factory=dict)
    by_work: FrozenMap[str, Amounts] = Field(default_factory=dict)


class Purse(Record):
    """What is left: of each limited consumable, and of money (None: no limit), as long as nothing more is awarded."""

    left: Amounts = Field(default_factory=dict)
    money: float | None = None
    prices: Prices = Prices()

    def find_lack(self, bid: Standing) -> str:
        """What is too little for a bid, in words, or an empty text."""
        return self.find_lack_of(bid.consumables, (bid.end_at - bid.start_at).total_seconds() / 3600)

    def find_lack_of(self, consumables: Mapping[str, float], hours: float = 0.0) -> str:
        """What is too little for so much of the consumables, and so many hours."""
        for name, left in sorted(self.left.items()):
            needed = consumables.get(name, 0.0)
            if needed > left:
                return f"{name}: {max(0.0, left):.4g} of the budget are left, {needed:.4g} are needed"
        cost = self.prices.of(consumables) + hours * self.prices.hour
        if self.money is not None and cost > self.money:
            currency = self.prices.currency
            return f"{max(0.0, self.money):.2f} {currency} of the budget are left, {cost:.2f} {currency} are needed"
        return ""

    def less(self, bid: Standing) -> "Purse":
        """What is left once a bid was awarded; its hours cost when they pass."""
        return self.less_of(bid.consumables)

    def less_of(self, consumables: Mapping[str, float]) -> "Purse":
        """What is left once so much of the consumables is promised."""
        left = {name: amount - consumables.get(name, 0.0) for name, amount in self.left.items()}
        money = None if self.money is None else self.money - self.prices.of(consumables)
        return self.model_copy(update={"left": left, "money": money})


def follow_spending(spending: Spending, logged: Logged) -> Spending:
    """The spending after an entry of its campaign."""
    match logged.entry.record:
        case ConsumableUsed(consumable=name, amount=amount, work=work):
            own = spending.by_work.get(work, {})
            return Spending(
                drawn=_plus(spending.drawn, name, amount),
                by_work=with_item(spending.by_work, work, _plus(own, name, amount)),
            )
        case ReservationReleased(work=work) | ReservationRefused(work=work) | SampleQuarantined(work=work):
            if work not in spending.by_work:
                return spending
            return spending.model_copy(update={"by_work": without_item(spending.by_work, work)})
        case _:
            return spending


def _plus(amounts: Mapping[str, float], name: str, amount: float) -> Amounts:
    return with_item(amounts, name, amounts.get(name, 0.0) + amount)


def money_spent(spending: Spending, prices: Prices, hours: float) -> float:
    """What a campaign has cost after `hours` of laboratory time, in the currency of `prices`."""
    return prices.of(spending.drawn) + hours * prices.hour


def find_purse(
    budget: Budget,
    spending: Spending,
    prices: Prices,
    started_at: datetime,
    now: datetime,
    contests: Iterable[Contest] = (),
) -> Purse | None:
    """What is left of a budget when what is awarded was drawn as its bids say; None where nothing is limited.

    Args:
        budget: Of the campaign.
        spending: Of the campaign.
        prices: Of the laboratory.
        started_at: When the campaign started, in laboratory time.
        now: Laboratory time.
        contests: The campaign's works.
    """
    if not budget.consumables and budget.money is None:
        return None
    hours = max(0.0, (now - started_at).total_seconds() / 3600)
    left = {name: most - spending.drawn.get(name, 0.0) for name, most in budget.consumables.items()}
    money = None if budget.money is None else budget.money - money_spent(spending, prices, hours)
    purse = Purse(left=left, money=money, prices=prices)
    for contest in contests:
        bid = contest.bids.get(contest.doer or "")
        if bid is not None:
            own = spending.by_work.get(contest.offer.work, {})
            owed = {name: max(0.0, amount - own.get(name, 0.0)) for name, amount in bid.consumables.items()}
            purse = purse.less_of(owed)
    return purse


def find_ruin(purse: Purse | None, contests: Iterable[Contest]) -> str:
    """Why no further sample can be paid for, or an empty text.

    That is certain only while no sample is on its way to being made: what is not drawn after all is free again.
    """
    makes = [c for c in contests if c.offer.kind == "make" and c.phase != "refused"]
    if purse is None or not makes or any(c.phase != "held" or c.lapsed is not None for c in makes):
        return ""
    lacks = [purse.find_lack(bid) for contest in makes for bid in contest.bids.values()]
    return lacks[0] if lacks and all(lacks) else ""
