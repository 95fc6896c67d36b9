"""Joint awards: over all open works and all bidders at once, by expected value per hour and consumable.

A work that would lose most by going to its second best bidder chooses first [PotvinRousseau1993], so that a bidder that
is good at everything is kept for what nobody else does well. A work whose best bidder has its hands full waits for it,
even where another one is free: an award cannot be taken back, and while it waits a better choice may come. Awards are
said in the order of value per hour [Smith1956], which is the order in which a bidder begins them; where all is worth
the same, the shortest are begun first, and what comes after them (the one diffractometer) is fed as early as can be.

An award changes what its bidder can do next, and nothing of the others, so only that bidder's choices are weighed
again: a thousand works of fifty bidders are awarded in less than a second.

[PotvinRousseau1993] Potvin, Rousseau, Eur. J. Oper. Res. 66, 331. [Smith1956] Smith, Nav. Res. Logist. Q. 3, 59.
"""

from bisect import insort
from collections.abc import Mapping, Sequence

from lab_agents.agents.choices import SHORTEST, WAITING, AwardRule, Choice, all_in_hand, award, weigh
from lab_agents.agents.contests import Award, Contest, Standing


def choose_jointly(contests: dict[str, Contest], works: Sequence[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded, none to a bidder without room for it."""
    begun = sorted(works, key=lambda work: (-_ratio(contests[work], rule), work))
    turns = {work: turn for turn, work in enumerate(begun)}
    table = _Table(contests, works, rule)
    while table.rows and n > 0:
        ready = [row for row in table.rows.values() if table.has_room(row[0].bidder)]
        if not ready:
            break
        row = min(ready, key=lambda row: (-_regret(row), *row[0].rank))
        work = row[0].work
        contests[work] = award(contests[work], row[0], turns[work], _why(contests[work], row, table.rule), table.rule)
        table.note_award(contests[work])
        n -= 1
    return contests


class _Table:
    """Every work that can be awarded with its possible choices, the best one first.

    Attributes:
        rows: Choices by work; a work without any is left out.
        rule: The rule after the awards noted so far.
    """

    def __init__(self, contests: Mapping[str, Contest], works: Sequence[str], rule: AwardRule) -> None:
        self.rule = rule
        self._in_hand = all_in_hand(contests)
        self._contests = {work: contests[work] for work in works}
        self.rows: dict[str, list[Choice]] = {}
        # How many awards of this call a bidder has, and with how many its choice of a work was weighed last.
        self._n_given: dict[str, int] = {}
        self._weighed: dict[str, dict[str, int]] = {}
        self._weigh_all()

    def has_room(self, bidder: str) -> bool:
        turns = self.rule.turns.get(bidder)
        return turns is None or len(self._given(bidder)) < turns + WAITING

    def note_award(self, contest: Contest) -> None:
        """The work is gone, and its bidder will be free later."""
        if contest.award is None:
            return
        bidder, had_purse = contest.award.bidder, self.rule.purse is not None
        del self._contests[contest.offer.work]
        self._in_hand.setdefault(bidder, []).append(contest.award)
        self.rule = self.rule.after(contest)
        self.rows.pop(contest.offer.work, None)
        if had_purse:
            # What is left of the budget may no longer pay for a bid of anybody.
            self._weigh_all()
        else:
            self._weigh_again(bidder)

    def _given(self, bidder: str) -> list[Award]:
        return self._in_hand.get(bidder, [])

    def _weigh_all(self) -> None:
        found = {work: weigh(contest, self._given, self.rule) for work, contest in self._contests.items()}
        self.rows = {work: sorted(row, key=_rank) for work, row in found.items() if row}
        self._n_given, self._weighed = {}, {}

    def _weigh_again(self, bidder: str) -> None:
        """Weigh what this bidder leads, or is second in, until the best two of each row are as they are by this award.

        More in hand never makes a bidder better, so what stands further back may be out of date: it is weighed when
        it comes to the front.
        """
        self._n_given[bidder] = self._n_given.get(bidder, 0) + 1
        for work, row in self.rows.items():
            if row[0].bidder == bidder or (len(row) > 1 and row[1].bidder == bidder):
                self._refresh(work, row)

    def _refresh(self, work: str, row: list[Choice]) -> None:
        weighed = self._weighed.setdefault(work, {})
        place = 0
        while place < min(2, len(row)):
            bidder = row[place].bidder
            n_given = self._n_given.get(bidder, 0)
            if weighed.get(bidder, 0) == n_given:
                place += 1
                continue
            weighed[bidder] = n_given
            del row[place]
            for choice in weigh(self._contests[work], self._given, self.rule, (bidder,)):
                insort(row, choice, key=_rank)


def _rank(choice: Choice) -> tuple[float, str, str]:
    return choice.rank


def _regret(row: Sequence[Choice]) -> float:
    """How much worse the second best bidder is."""
    return row[0].score - (row[1].score if len(row) > 1 else 0.0)


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
