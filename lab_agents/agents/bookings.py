"""Work that a bidder has taken: booked at the award, queued when accepted, run in the order of acceptance.

A bidder that drives several instruments may have several works under way (`in_flight`): each asks for all its places at
once, and their steps share the instruments.

The booking is made when the award binds, before the acceptance is even sent, so a second award sees it. An acceptance
counts if it has a position before any withdrawal of its round; else the booking is released.
"""

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.agents.offers import Offer, Offers
from lab_agents.records.amendment import Amendment
from lab_agents.records.base import FrozenMap, Identifier, Name, Record, with_item, without_item
from lab_agents.records.quantities import Seconds
from lab_agents.records.recipe import ActResult, Recipe

BookingPhase = Literal["accepting", "queued", "reserving", "running"]


class Amended(Record):
    """An amendment with its version, and the number of the step that was present when it came."""

    version: int = Field(ge=1)
    amendment: Amendment
    after: int = Field(ge=0)


class Booking(Record):
    """One work that is taken. `since` is the entry that led to the phase; `results` are those of the steps done.

    `stock` is still held back for it, by consumable. `load` is the part of `seconds` on each instrument, or on each
    kind of place with instruments of its own. `flaw` says why the sample is spoiled although the work goes on.
    `recipe` is the `original` one with what was `amended` since.
    """

    work: Identifier
    offer: Offer
    recipe: Recipe
    stock: FrozenMap[str, float] = Field(default_factory=dict)
    seconds: Seconds
    load: FrozenMap[str, Seconds] = Field(default_factory=dict)
    phase: BookingPhase = "accepting"
    since: int
    begun_at: AwareDatetime | None = None
    results: FrozenMap[Name, tuple[ActResult, ...]] = Field(default_factory=dict)
    flaw: str = ""
    original: Recipe | None = None
    amended: tuple[Amended, ...] = ()

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


def take_next(
    bookings: Bookings, position: int, now: datetime, in_flight: int = 1, paused: Container[str] = ()
) -> Bookings:
    """Let the first queued works ask for their places, as long as fewer than `in_flight` are under way.

    Work of campaigns that are `paused` keeps its place in the queue.
    """
    n_free = in_flight - sum(b.begun_at is not None for b in bookings.values())
    ready = (b for b in bookings.values() if b.phase == "queued" and b.offer.campaign not in paused)
    queued = sorted(ready, key=lambda b: (b.since, b.work))
    update = {"phase": "reserving", "since": position, "begun_at": now}
    for first in queued[: max(0, n_free)]:
        bookings = with_item(bookings, first.work, first.model_copy(update=update))
    return bookings


def delay(bookings: Bookings, campaign: str, by: timedelta) -> Bookings:
    """The bookings after work of a campaign stood still: what is under way takes so much longer."""
    return {
        work: b.model_copy(update={"begun_at": b.begun_at + by})
        if b.begun_at is not None and b.offer.campaign == campaign
        else b
        for work, b in bookings.items()
    }


def free_at(bookings: Bookings, now: datetime, in_flight: int = 1) -> datetime:
    """When the next work is expected to begin: each booked one takes the first of `in_flight` turns that is free."""
    turns = [now] * in_flight
    for booking in sorted(bookings.values(), key=lambda b: (b.begun_at is None, b.since, b.work)):
        turns.sort()
        turns[0] += booking.left(now)
    return min(turns)


def done_at(bookings: Bookings, load: Mapping[str, float], seconds: float, now: datetime, start: datetime) -> datetime:
    """When a work is expected to be done: no earlier than the instrument that has most before it can be.

    Args:
        bookings: What is booked before it.
        load: The work's laboratory time on each instrument, in seconds.
        seconds: Its whole laboratory time.
        now: Laboratory time.
        start: When it is expected to begin.
    """
    backlog = dict.fromkeys(load, 0.0)
    for booking in bookings.values():
        share = booking.left(now).total_seconds() / booking.seconds if booking.seconds else 0.0
        for lane in backlog:
            backlog[lane] += share * booking.load.get(lane, 0.0)
    queued = max((backlog[lane] + own for lane, own in load.items()), default=0.0)
    return max(start + timedelta(seconds=seconds), now + timedelta(seconds=queued))


def held_back(bookings: Bookings, consumable: str) -> float:
    """How much of a stock is booked."""
    return sum(b.stock.get(consumable, 0.0) for b in bookings.values())
