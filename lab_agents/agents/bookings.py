"""Work that a bidder has taken: booked at the award, queued when accepted, run one after the other.

The booking is made when the award binds, before the acceptance is even sent, so a second award sees it. An acceptance
counts if it has a position before any withdrawal of its round; else the booking is released.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.agents.offers import Offer, Offers
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.quantities import Seconds
from lab_agents.records.recipe import ActResult, Recipe

BookingPhase = Literal["accepting", "queued", "reserving", "running"]


class Booking(Record):
    """One work that is taken. `since` is the entry that led to the phase; `results` are those of the steps done.

    `stock` is still held back for it, by consumable. `flaw` says why the sample is spoiled although the work goes on.
    """

    work: Identifier
    offer: Offer
    recipe: Recipe
    stock: FrozenMap[str, float] = Field(default_factory=dict)
    seconds: Seconds
    phase: BookingPhase = "accepting"
    since: int
    begun_at: AwareDatetime | None = None
    results: FrozenMap[Name, tuple[ActResult, ...]] = Field(default_factory=dict)
    flaw: str = ""

    def left(self, now: datetime) -> timedelta:
        """How much longer it is expected to take."""
        whole = timedelta(seconds=self.seconds)
        return whole if self.begun_at is None else max(timedelta(), self.begun_at + whole - now)


Bookings = FrozenMap[str, Booking]


def accept(bookings: Bookings, work: str, round_: int, position: int) -> Bookings:
    """The bookings after the own acceptance of a round has its position."""
    booking = bookings.get(work)
    if booking is None or booking.phase != "accepting" or booking.offer.round != round_:
        return bookings
    return with_item(bookings, work, booking.model_copy(update={"phase": "queued", "since": position}))


def release_lapsed(bookings: Bookings, offers: Offers) -> Bookings:
    """Without the bookings whose offer was withdrawn, or lapsed with its campaign, before the acceptance counted."""
    for work, booking in bookings.items():
        offer = offers.open.get(work)
        if booking.phase == "accepting" and (offer is None or offer.round != booking.offer.round):
            bookings = without_item(bookings, work)
    return bookings


def take_next(bookings: Bookings, position: int, now: datetime) -> Bookings:
    """Let the first queued work ask for its places, if no other is under way."""
    if any(b.phase in ("reserving", "running") for b in bookings.values()):
        return bookings
    queued = [b for b in bookings.values() if b.phase == "queued"]
    if not queued:
        return bookings
    first = min(queued, key=lambda b: (b.since, b.work))
    update = {"phase": "reserving", "since": position, "begun_at": now}
    return with_item(bookings, first.work, first.model_copy(update=update))


def free_at(bookings: Bookings, now: datetime) -> datetime:
    """When everything that is booked is expected to be done."""
    return now + sum((b.left(now) for b in bookings.values()), timedelta())


def held_back(bookings: Bookings, consumable: str) -> float:
    """How much of a stock is booked."""
    return sum(b.stock.get(consumable, 0.0) for b in bookings.values())
