"""Who gets which work: by expected value per hour and consumable, counting what each bidder has already been given.

For every bid, `score = value * chance / (hours * (1 + cost))`: value of the candidate, the bidder's learned chance of
success, laboratory hours until the work would be done, the largest share of a stock that it draws. The hours count the
bidder's own queue (its bid's end) and awards it could not know of when it bid, so a batch is spread over the lines. The
best of all pairs is awarded first; ties go by the names of work and bidder.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import AwareDatetime

from lab_agents.agents.contests import Award, Contest, Standing
from lab_agents.records.autonomy import Autonomy
from lab_agents.records.base import Record

SHORTEST = 1.0 / 3600
"""Hours; work that would end at once must not divide by zero."""


class Choice(Record):
    """One possible award."""

    score: float
    work: str
    bidder: str
    end_at: AwareDatetime

    @property
    def rank(self) -> tuple[float, str, str]:
        """Best first, ties by name."""
        return (-self.score, self.work, self.bidder)


class AwardRule(Record):
    """When awards are made, because of which entry, and what a person must approve.

    `n_begun` counts the campaign's samples that were begun or are awarded already.
    """

    now: AwareDatetime
    position: int
    autonomy: Autonomy = Autonomy()
    n_begun: int = 0

    def why_ask(self, contest: Contest) -> str:
        """Why an award of this work needs an approval, or an empty text."""
        offer = contest.offer
        if offer.kind == "measure":
            return self.autonomy.why_ask_to_measure(offer.measurement)
        return self.autonomy.why_ask_to_make(offer.asked.values, self.n_begun)


def award_held(contests: Mapping[str, Contest], works: Iterable[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded, best first."""
    contests = dict(contests)
    left = set(works)
    while left and n > 0:
        choices = [c for work in left for c in _choices(contests[work], contests, rule.now)]
        if not choices:
            break
        best = min(choices, key=lambda choice: choice.rank)
        contests[best.work] = _award(contests[best.work], best, rule)
        left.remove(best.work)
        rule = rule.model_copy(update={"n_begun": rule.n_begun + (contests[best.work].offer.kind == "make")})
        n -= 1
    return contests


def _choices(contest: Contest, contests: Mapping[str, Contest], now: datetime) -> list[Choice]:
    choices = []
    for bidder, bid in contest.bids.items():
        if bid.valid_until < now:
            continue
        end_at = _end(bid, bidder, contests)
        hours = max(SHORTEST, (end_at - now).total_seconds() / 3600)
        score = contest.offer.value * bid.chance / (hours * (1 + bid.cost))
        choices.append(Choice(score=score, work=contest.offer.work, bidder=bidder, end_at=end_at))
    return choices


def _end(bid: Standing, bidder: str, contests: Mapping[str, Contest]) -> datetime:
    """When the bidder would be done, after all that it has been given."""
    given = [c.award.end_at for c in contests.values() if c.award is not None and c.award.bidder == bidder]
    start_at = max((bid.start_at, *given))
    return start_at + (bid.end_at - bid.start_at)


def _award(contest: Contest, choice: Choice, rule: AwardRule) -> Contest:
    bid = contest.bids[choice.bidder]
    others = sorted(set(contest.bids) - {choice.bidder})
    asked_because = rule.why_ask(contest)
    reason = f"best of {len(contest.bids)} bids, chance {bid.chance:.2f}" if others else "the only bid"
    award = Award(
        bidder=choice.bidder,
        bid=bid.position,
        end_at=choice.end_at,
        score=choice.score,
        needs_approval=bool(asked_because),
        asked_because=asked_because,
        approvers=rule.autonomy.by if asked_because else (),
        reason=reason,
        since=rule.position,
    )
    return contest.model_copy(update={"phase": "awarded", "award": award})
