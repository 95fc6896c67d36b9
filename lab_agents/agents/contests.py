"""Bidding on one piece of work, as planning follows it: who was asked, who answered, who got it.

A contest is `bidding` while its window is open; the window closes when every bidder that is asked and not declared out
has answered, or when the timer rings. Then it is `held` (there are bids: planning awards when it may), `waiting` (only
silent bidders are left: their late answer counts) or `refused`. `awarded` work becomes `accepted` by an acceptance that
stands before any withdrawal; an accepted contest is kept until the work ends, because it loads its bidder.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.agents.offers import Offer
from lab_agents.messages.work import BidRefused, RefusalCode
from lab_agents.records.base import FrozenMap, Name, Record, with_item
from lab_agents.records.bid import Bid
from lab_agents.records.quantities import Chance, Seconds

ContestPhase = Literal["bidding", "waiting", "held", "refused", "awarded", "accepted"]


class Standing(Record):
    """A bid as far as awards need it; `cost` is the largest share of a declared stock that it would draw."""

    position: int
    start_at: AwareDatetime
    end_at: AwareDatetime
    chance: Chance
    chance_deviation: Chance = 0.0
    duration_deviation: Seconds = 0.0
    occupies: Seconds = 0.0
    worth: float = 1.0
    choice: str = ""
    cost: float
    consumables: FrozenMap[str, float] = Field(default_factory=dict)
    valid_until: AwareDatetime

    @property
    def assured(self) -> Chance:
        """The chance of success less one deviation: what is little known is not trusted like what is known."""
        return max(0.0, self.chance - self.chance_deviation)


class Declined(Record):
    """A refusal to bid."""

    code: RefusalCode
    reason: str


class Denial(Record):
    """Who denied an award, and why."""

    person: str
    reason: str


class Award(Record):
    """Who got the work: the bid, when it is expected to end, the position of `WorkAwarded` and of what made it bind.

    From `free_at` on its bidder can begin the next work. Of the awards of one entry the lower `turn` is first.
    """

    bidder: Name
    bid: int
    free_at: AwareDatetime | None = None
    end_at: AwareDatetime
    score: float
    turn: int = 0
    needs_approval: bool
    asked_because: str = ""
    approvers: tuple[str, ...] = ()
    reason: str
    since: int
    position: int | None = None
    bound: int | None = None
    withdrawn: int | None = None
    denial: Denial | None = None

    @property
    def awaits_approval(self) -> bool:
        """Whether it stands in the log and binds only when somebody approves."""
        return self.position is not None and self.bound is None and self.withdrawn is None


class Contest(Record):
    """One round of bidding. `closed` is the entry that closed the window, or changed how it closed.

    `taken_by` is who accepted the work.
    """

    offer: Offer
    asked: tuple[Name, ...]
    phase: ContestPhase = "bidding"
    bids: FrozenMap[Name, Standing] = Field(default_factory=dict)
    refusals: FrozenMap[Name, Declined] = Field(default_factory=dict)
    closed: int | None = None
    award: Award | None = None
    taken_by: Name | None = None
    lapsed: int | None = None

    @property
    def doer(self) -> str | None:
        """Whoever has the work, or will have it once it accepts, by the log's award even where it was never decided."""
        return self.taken_by or (None if self.award is None else self.award.bidder)

    @property
    def silent(self) -> tuple[str, ...]:
        """Bidders that were asked and have not answered."""
        return tuple(b for b in self.asked if b not in self.bids and b not in self.refusals)

    @property
    def takes_answers(self) -> bool:
        """Whether a bid or refusal still counts."""
        return self.phase in ("bidding", "waiting", "held")


def take_bid(contest: Contest, bid: Bid, position: int, cost: float) -> Contest:
    """The contest after a bid; one for another round, or too late, changes nothing."""
    if bid.round != contest.offer.round or not contest.takes_answers or bid.bidder not in contest.asked:
        return contest
    standing = Standing(
        position=position,
        start_at=bid.start_at,
        end_at=bid.end_at,
        chance=bid.chance,
        chance_deviation=bid.chance_deviation,
        duration_deviation=bid.duration_deviation,
        occupies=bid.occupies,
        worth=bid.worth,
        choice=bid.choice,
        cost=cost,
        consumables=bid.consumables,
        valid_until=bid.valid_until,
    )
    return contest.model_copy(update={"bids": with_item(contest.bids, bid.bidder, standing)})


def take_refusal(contest: Contest, body: BidRefused) -> Contest:
    """The contest after a refusal to bid."""
    if body.round != contest.offer.round or not contest.takes_answers or body.bidder not in contest.asked:
        return contest
    declined = Declined(code=body.code, reason=body.reason)
    return contest.model_copy(update={"refusals": with_item(contest.refusals, body.bidder, declined)})


def close_window(contest: Contest, out: Iterable[str], position: int, *, rang: bool) -> Contest:
    """The contest after its window was looked at: closed if nobody is waited for any more, or the timer `rang`."""
    if contest.phase not in ("bidding", "waiting"):
        return contest
    awaited = set(contest.silent) - set(out)
    if contest.phase == "bidding" and awaited and not rang:
        return contest
    phase: ContestPhase = "held" if contest.bids else "waiting" if contest.silent else "refused"
    if phase == contest.phase:
        return contest
    return contest.model_copy(update={"phase": phase, "closed": position})
