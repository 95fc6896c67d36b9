"""Joint awards: over all open works and all bidders at once, by expected value per hour and consumable.

A work that would lose most by going to its second best bidder chooses first [PotvinRousseau1993], so that a bidder that
is good at everything is kept for what nobody else does well. A work whose best bidder has its hands full waits for it,
even where another one is free: an award cannot be taken back, and while it waits a better choice may come. Awards are
said in the order of value per hour [Smith1956], which is the order in which a bidder begins them; where all is worth
the same, the shortest are begun first, and what comes after them (the one diffractometer) is fed as early as can be.

[PotvinRousseau1993] Potvin, Rousseau, Eur. J. Oper. Res. 66, 331. [Smith1956] Smith, Nav. Res. Logist. Q. 3, 59.
"""

from collections.abc import Mapping, Sequence

from lab_agents.agents.choices import SHORTEST, WAITING, AwardRule, Choice, award, choices, in_hand
from lab_agents.agents.contests import Contest, Standing


def choose_jointly(contests: dict[str, Contest], works: Sequence[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded, none to a bidder without room for it."""
    begun = sorted(works, key=lambda work: (-_ratio(contests[work], rule), work))
    left, turns = list(begun), {work: turn for turn, work in enumerate(begun)}
    while left and n > 0:
        ranked = [sorted(found, key=lambda c: c.rank) for w in left if (found := choices(contests[w], contests, rule))]
        ready = [row for row in ranked if _has_room(contests, row[0].bidder, rule)]
        if not ready:
            break
        row = min(ready, key=lambda row: (-_regret(row), *row[0].rank))
        work = row[0].work
        contests[work] = award(contests[work], row[0], turns[work], _why(contests[work], row, rule), rule)
        left.remove(work)
        rule = rule.after(contests[work])
        n -= 1
    return contests


def _regret(row: Sequence[Choice]) -> float:
    """How much worse the second best bidder is."""
    return row[0].score - (row[1].score if len(row) > 1 else 0.0)


def _has_room(contests: Mapping[str, Contest], bidder: str, rule: AwardRule) -> bool:
    turns = rule.turns.get(bidder)
    return turns is None or len(in_hand(contests, bidder)) < turns + WAITING


def _ratio(contest: Contest, rule: AwardRule) -> float:
    """The largest value per hour of the work's own time, wherever it is done."""
    return max((_per_hour(contest, b) for b in contest.bids.values() if b.valid_until >= rule.now), default=0.0)


def _per_hour(contest: Contest, bid: Standing) -> float:
    hours = max(SHORTEST, (bid.end_at - bid.start_at).total_seconds() / 3600)
    return contest.offer.value * bid.worth * bid.assured / hours


def _why(contest: Contest, row: Sequence[Choice], rule: AwardRule) -> str:
    best = row[0]
    bid = contest.bids[best.bidder]
    minutes = (best.end_at - rule.now).total_seconds() / 60
    sure = f"chance {bid.chance:.2f} ± {bid.chance_deviation:.2f}"
    done = f"done in {minutes:.0f} ± {bid.duration_deviation / 60:.0f} min"
    chosen = f"; {bid.choice}" if bid.choice else ""
    if len(row) < 2:
        return f"the only bid: {sure}, {done}{chosen}"
    share = row[1].score / best.score if best.score > 0 else 1.0
    return f"best of {len(row)} bids: {sure}, {done}; {row[1].bidder} is worth {share:.2f} of it{chosen}"
