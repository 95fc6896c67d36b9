"""What others have promised to draw from a stock that several bidders share.

A bidder books stock for its own work at the award. Of the others it knows what they bid to draw: from the award on that
counts as gone, until they report what they drew, or the work ends. So a batch that the bottles cannot serve is refused
before anything moves. Awards stand in one order for everybody: of two lines that want the last of a bottle, the second
declines.
"""

import math
from collections.abc import Collection, Mapping

from pydantic import Field

from lab_agents.messages.course import AwardWithdrawn, CampaignClosing, CampaignFinished, WorkAwarded
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import (
    AwardAccepted,
    AwardDeclined,
    BidMade,
    ConsumableUsed,
    ReservationRefused,
    ReservationReleased,
    SampleQuarantined,
)
from lab_agents.records.base import FrozenMap, Name, Record, with_item, without_item

PLEDGE_KINDS = frozenset({"BidMade", "ConsumableUsed"})
"""Kinds of entries that concern pledges, beside those that every bidder follows."""

Amounts = FrozenMap[str, float]


class Pledge(Record):
    """One work of others: what each bidder would draw for it, and to whom it was awarded."""

    campaign: str
    bids: FrozenMap[Name, Amounts] = Field(default_factory=dict)
    awarded: Name | None = None
    is_accepted: bool = False

    @property
    def promised(self) -> Amounts:
        """How much of each stock is promised, as far as it is not drawn."""
        return {} if self.awarded is None else self.bids.get(self.awarded, {})

    def amount(self, consumable: str) -> float:
        """How much of a stock is promised."""
        return self.promised.get(consumable, 0.0)


Pledges = FrozenMap[str, Pledge]


def pledged(pledges: Mapping[str, Pledge], consumable: str) -> float:
    """How much of a stock others have promised to draw."""
    return math.fsum(pledge.amount(consumable) for pledge in pledges.values())


def follow_pledges(pledges: Pledges, logged: Logged, me: str, stock: Collection[str]) -> Pledges:
    """The pledges after an entry; `stock` are the consumables that `me` draws on too."""
    body, campaign = logged.entry.record, logged.entry.campaign or ""
    match body:
        case BidMade(bid=bid) if bid.bidder != me:
            shared = {name: amount for name, amount in bid.consumables.items() if name in stock}
            return _put_bid(pledges, bid.work, campaign, bid.bidder, shared) if shared else pledges
        case WorkAwarded() if body.work in pledges:
            return _change(pledges, body.work, awarded=body.bidder)
        case AwardAccepted() if body.work in pledges:
            return _change(pledges, body.work, is_accepted=True)
        case ConsumableUsed() if body.work in pledges:
            return _drawn(pledges, body)
        case AwardDeclined() | AwardWithdrawn() | ReservationReleased() | ReservationRefused() | SampleQuarantined():
            return without_item(pledges, body.work) if body.work in pledges else pledges
        case CampaignClosing():
            return {w: p for w, p in pledges.items() if p.campaign != campaign or p.is_accepted}
        case CampaignFinished():
            return {w: p for w, p in pledges.items() if p.campaign != campaign}
        case _:
            return pledges


def _put_bid(pledges: Pledges, work: str, campaign: str, bidder: str, amounts: Amounts) -> Pledges:
    known = pledges.get(work, Pledge(campaign=campaign))
    if known.awarded is not None:
        return pledges
    return with_item(pledges, work, known.model_copy(update={"bids": with_item(known.bids, bidder, amounts)}))


def _change(pledges: Pledges, work: str, **changes: object) -> Pledges:
    return with_item(pledges, work, pledges[work].model_copy(update=changes))


def _drawn(pledges: Pledges, body: ConsumableUsed) -> Pledges:
    """What was reported as drawn is promised no more."""
    pledge = pledges[body.work]
    bids = {bidder: without_item(amounts, body.consumable) for bidder, amounts in pledge.bids.items()}
    return _change(pledges, body.work, bids=bids)
