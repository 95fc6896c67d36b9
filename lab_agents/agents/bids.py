"""What a bidder bids: when a work would begin and end, how sure that is, and what it would cost.

Everything is expected from what the bidder has learned of its own acts and outcomes, with its uncertainty. A bid also
says for how long the work would keep the next one from beginning: a place that only one can hold, or the busiest of the
bidder's own instruments.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from lab_agents.agents.bidder_state import BidderState, Prepared
from lab_agents.agents.bookings import done_at, free_at
from lab_agents.agents.offers import Offer
from lab_agents.agents.regions import place_of
from lab_agents.records.bid import Bid
from lab_agents.records.recipe import Act, Recipe, Step

CARRYING = Act(instrument="carrier", plan="transfer")
"""Stands for a transfer before it is known who carries what where."""
VALIDITY = timedelta(hours=24)
"""A bid stands for a day of laboratory time after its expected end: longer than a night's pause."""


def make_bid(bidder: str, state: BidderState, offer: Offer, prepared: Prepared, now: datetime) -> Bid:
    """The bid for a piece of work.

    Args:
        bidder: Who bids.
        state: What it knows.
        offer: The work, in its present round.
        prepared: How it would do it.
        now: Laboratory time.
    """
    recipe = prepared.recipe
    durations, load = durations_of(bidder, state, recipe), load_of(bidder, state, recipe)
    start_at = free_at(state.bookings, now, in_flight_of(bidder, state))
    end_at = done_at(state.bookings, load, sum(durations), now, start_at)
    estimate = state.experience.chance_at(place_in(state, offer))
    return Bid(
        work=offer.work,
        round=offer.round,
        bidder=bidder,
        recipe=recipe,
        start_at=start_at,
        end_at=end_at,
        consumables=prepared.stock,
        chance=estimate.chance,
        chance_deviation=estimate.deviation,
        n_learned=state.experience.n_learned,
        duration_deviation=_spread(bidder, state, recipe),
        occupies=max(_held(recipe, durations, _single(state)), *load.values(), 0.0),
        worth=prepared.worth,
        choice=prepared.choice,
        valid_until=end_at + VALIDITY,
    )


def in_flight_of(bidder: str, state: BidderState) -> int:
    """How many works it may have under way."""
    return max(1, int(state.settings(bidder).get("in_flight", 1)))


def durations_of(bidder: str, state: BidderState, recipe: Recipe) -> tuple[float, ...]:
    """The expected laboratory time of each act, in seconds."""
    settings = state.settings(bidder)
    return tuple(state.experience.expect_act(act, settings) for act in _all_acts(recipe))


def load_of(bidder: str, state: BidderState, recipe: Recipe) -> dict[str, float]:
    """The expected time on each own instrument; one of several that a place is chosen from counts its share."""
    own = () if state.lab is None else state.lab.agents[bidder].instruments
    kinds = {need.role: need.kind for need in recipe.needs if need.kind is not None}
    load: dict[str, float] = {}
    for act, seconds in zip(_all_acts(recipe), durations_of(bidder, state, recipe), strict=True):
        kind = None if act.at is None else kinds.get(act.at)
        if kind is not None and state.lab is not None:
            load[kind] = load.get(kind, 0.0) + seconds / max(1, sum(p.kind == kind for p in state.lab.places))
        elif act.instrument in own:
            load[act.instrument] = load.get(act.instrument, 0.0) + seconds
    return load


def place_in(state: BidderState, offer: Offer) -> Mapping[str, float]:
    """Where in its campaign's space a candidate lies; a measurement is no harder for one sample than for another."""
    plan = state.offers.plans.get(offer.campaign)
    return {} if plan is None or offer.kind == "measure" else place_of(plan.space, offer.asked)


def acts_of(step: Step) -> tuple[Act, ...]:
    """The acts of a step; a transfer is one act of its carrier."""
    return step.acts or (CARRYING,)


def _all_acts(recipe: Recipe) -> tuple[Act, ...]:
    return tuple(act for step in recipe.steps for act in acts_of(step))


def _spread(bidder: str, state: BidderState, recipe: Recipe) -> float:
    """One standard deviation of the whole, in seconds; acts vary independently."""
    settings = state.settings(bidder)
    return math.hypot(*(state.experience.spread_act(act, settings) for act in _all_acts(recipe)))


def _single(state: BidderState) -> frozenset[str]:
    """Places that one work at a time can hold: racks have more."""
    places = () if state.lab is None else state.lab.places
    return frozenset(place.name for place in places if not place.is_buffer)


def _held(recipe: Recipe, durations: Sequence[float], single: Collection[str]) -> float:
    """For how long the next work must wait for a place that this one needs too.

    Args:
        recipe: It holds its places from its beginning on.
        durations: Of each act of the recipe, in seconds.
        single: Places that are no buffers; a need for any of a kind is met by another place of the kind.
    """
    ends: dict[str, float] = {}
    at, left = 0.0, iter(durations)
    for step in recipe.steps:
        at += math.fsum(next(left) for _ in acts_of(step))
        ends |= dict.fromkeys(step.roles, at)
    return max((ends.get(need.role, 0.0) for need in recipe.needs if need.place in single), default=0.0)
