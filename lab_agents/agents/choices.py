"""The awards that are possible, and what each is worth: what all rules of awarding share.

What a bid is worth is `score = value * worth * assured / (hours * (1 + cost))`: value of the candidate, worth of the
way in which the bidder would do it, chance of success less one deviation of it, laboratory hours until the work would
be done, the largest share of a stock that it draws. The hours count the bidder's own queue (its bid's end) and awards
it could not know of when it bid, so a batch is spread over the lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from lab_agents.agents.contests import Award, Contest, Standing
from lab_agents.agents.spending import Purse
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.base import FrozenMap, Name, Record
from lab_agents.records.campaign import AwardOrder
from lab_agents.records.control import is_control

SHORTEST = 1.0 / 3600
"""Hours; work that would end at once must not divide by zero."""
WAITING = 1
"""Works that a bidder is given beyond those it has under way: one, so that it need not wait for an award."""


class Choice(NamedTuple):
    """One possible award: what it is worth, and when the work would begin and end; of two the better one is less.

    Attributes:
        loss: What it is worth, below zero, so that choices sort best first and ties by name, without a key: a joint
            award compares some hundred thousand of them.
    """

    loss: float
    work: str
    bidder: str
    begin_at: datetime
    end_at: datetime

    @property
    def score(self) -> float:
        """What it is worth."""
        return -self.loss


class AwardRule(Record):
    """When awards are made, in which order, because of which entry, and what a person must approve.

    `n_begun` counts the campaign's samples that were begun or are awarded already. `turns` are how many works each
    bidder may have under way; a bidder that is not named has one turn and any number of works waiting. Bidders that are
    `out` are dead: nothing is awarded to them, and nothing waits for them while another one has bid. `purse` is what is
    left of a budget that limits more than samples and hours.
    """

    now: AwareDatetime
    position: int
    order: AwardOrder = "joint"
    autonomy: Autonomy = Autonomy()
    n_begun: int = 0
    turns: FrozenMap[Name, int] = Field(default_factory=dict)
    out: frozenset[Name] = frozenset()
    purse: Purse | None = None

    def can_pay(self, contest: Contest, bid: Standing) -> bool:
        """Whether the rest of the budget pays for a bid; what was made is measured in any case."""
        return self.purse is None or contest.offer.kind == "measure" or not self.purse.find_lack(bid)

    def after(self, contest: Contest) -> "AwardRule":
        """The rule once a contest was awarded."""
        if contest.award is None:
            return self
        purse = None if self.purse is None else self.purse.less(contest.bids[contest.award.bidder])
        n_begun = self.n_begun + (contest.offer.kind == "make" and not is_control(contest.offer.sample))
        return self.model_copy(update={"n_begun": n_begun, "purse": purse})

    def why_ask(self, contest: Contest) -> str:
        """Why an award of this work needs an approval, or an empty text."""
        offer = contest.offer
        if offer.kind == "measure":
            return self.autonomy.why_ask_to_measure(offer.measurement)
        return self.autonomy.why_ask_to_make(offer.asked.values, self.n_begun)


def in_hand(contests: Mapping[str, Contest], bidder: str) -> list[Award]:
    """The awards that a bidder has not ended yet."""
    return [c.award for c in contests.values() if c.award is not None and c.award.bidder == bidder]


def all_in_hand(contests: Mapping[str, Contest]) -> dict[str, list[Award]]:
    """The awards that each bidder has not ended yet."""
    found: dict[str, list[Award]] = {}
    for contest in contests.values():
        if contest.award is not None:
            found.setdefault(contest.award.bidder, []).append(contest.award)
    return found


def choices(contest: Contest, contests: Mapping[str, Contest], rule: AwardRule) -> list[Choice]:
    """The awards of one work that are possible, one for each bid of the living that is not out of date."""
    return weigh(contest, {bidder: ready_at(in_hand(contests, bidder), bidder, rule) for bidder in contest.bids}, rule)


def weigh(
    contest: Contest, ready: Mapping[str, datetime | None], rule: AwardRule, bidders: Iterable[str] | None = None
) -> list[Choice]:
    """See `choices`; `ready` says when each bidder is ready, see `ready_at`. Only of these `bidders`, who have bid."""
    bids = contest.bids.items() if bidders is None else ((bidder, contest.bids[bidder]) for bidder in bidders)
    now, out, purse = rule.now, rule.out, rule.purse
    return [
        _choice(contest, bidder, bid, ready.get(bidder), now)
        for bidder, bid in bids
        if bid.valid_until >= now and bidder not in out and (purse is None or rule.can_pay(contest, bid))
    ]


def _choice(contest: Contest, bidder: str, bid: Standing, ready: datetime | None, now: datetime) -> Choice:
    begin_at = ready if ready is not None else max(now, bid.start_at)
    end_at = begin_at + (bid.end_at - bid.start_at)
    hours = max(SHORTEST, (end_at - now).total_seconds() / 3600)
    offer = contest.offer
    score = offer.value * bid.worth * bid.assured / (hours * (1 + bid.cost))
    return Choice(-score, offer.work, bidder, begin_at, end_at)


def ready_at(given: Sequence[Award], bidder: str, rule: AwardRule) -> datetime | None:
    """When a bidder with these awards in hand could begin: one of its turns is free, and what the last work keeps busy.

    None: it has nothing in hand, and begins when its bid says.
    """
    if not given:
        return None
    turns = rule.turns.get(bidder, 1)
    ends = sorted(award.end_at for award in given)
    free_at = ends[-turns] if len(ends) >= turns else rule.now
    return max(rule.now, free_at, *(award.free_at or rule.now for award in given))


def award(contest: Contest, choice: Choice, turn: int, reason: str, rule: AwardRule) -> Contest:
    """The contest with this award, the `turn`th that the entry brings."""
    bid = contest.bids[choice.bidder]
    asked_because = rule.why_ask(contest)
    made = Award(
        bidder=choice.bidder,
        bid=bid.position,
        free_at=choice.begin_at + timedelta(seconds=bid.occupies),
        end_at=choice.end_at,
        score=choice.score,
        turn=turn,
        needs_approval=bool(asked_because),
        asked_because=asked_because,
        approvers=rule.autonomy.by if asked_because else (),
        reason=reason,
        since=rule.position,
    )
    return contest.model_copy(update={"phase": "awarded", "award": made})
