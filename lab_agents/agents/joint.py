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
from heapq import heappop, heappush

from lab_agents.agents.choices import SHORTEST, WAITING, AwardRule, Choice, all_in_hand, award, ready_at, weigh
from lab_agents.agents.contests import Contest, Standing

_Entry = tuple[float, Choice]
"""How urgent a work is (less is more), and its best choice."""


def choose_jointly(contests: dict[str, Contest], works: Sequence[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded, none to a bidder without room for it."""
    begun = sorted(works, key=lambda work: (-_ratio(contests[work], rule), work))
    turns = {work: turn for turn, work in enumerate(begun)}
    table = _Table(contests, works, rule)
    while n > 0:
        row = table.find_next()
        if row is None:
            break
        work = row[0].work
        contests[work] = award(contests[work], row[0], turns[work], _why(contests[work], row, table.rule), table.rule)
        table.note_award(contests[work])
        n -= 1
    return contests


class _Table:
    """Every work that can be awarded with its possible choices, the best one first.

    Attributes:
        rule: The rule after the awards noted so far.
    """

    def __init__(self, contests: Mapping[str, Contest], works: Sequence[str], rule: AwardRule) -> None:
        self.rule = rule
        self._in_hand = all_in_hand(contests)
        self._contests = {work: contests[work] for work in works}
        self._ready = {bidder: ready_at(given, bidder, rule) for bidder, given in self._in_hand.items()}
        # Choices by work; a work without any is left out.
        self._rows: dict[str, list[Choice]] = {}
        # Works in whose row a bidder stands first or second.
        self._front: dict[str, set[str]] = {}
        # What is awarded next, as it was when it last changed; an entry that is not its work's last one is out of date.
        self._queue: list[_Entry] = []
        self._last: dict[str, _Entry] = {}
        # How many awards of this call a bidder has, and with how many its choice of a work was weighed last.
        self._n_given: dict[str, int] = {}
        self._weighed: dict[str, dict[str, int]] = {}
        self._weigh_all()

    def find_next(self) -> list[Choice] | None:
        """The choices of the work that loses most by going to its second best bidder, of works whose best has room."""
        while self._queue:
            entry = self._queue[0]
            choice = entry[1]
            # A bidder gains no room while awards are made, so its work comes back only with another one in front.
            if self._last.get(choice.work) is entry and self._has_room(choice.bidder):
                return self._rows[choice.work]
            heappop(self._queue)
        return None

    def note_award(self, contest: Contest) -> None:
        """The work is gone, and its bidder will be free later."""
        if contest.award is None:
            return
        work, bidder, had_purse = contest.offer.work, contest.award.bidder, self.rule.purse is not None
        del self._contests[work]
        given = self._in_hand.setdefault(bidder, [])
        given.append(contest.award)
        self.rule = self.rule.after(contest)
        self._ready[bidder] = ready_at(given, bidder, self.rule)
        if had_purse:
            # What is left of the budget may no longer pay for a bid of anybody.
            self._weigh_all()
        else:
            self._leave_front(work)
            del self._rows[work]
            self._weigh_again(bidder)

    def _has_room(self, bidder: str) -> bool:
        turns = self.rule.turns.get(bidder)
        return turns is None or len(self._in_hand.get(bidder, ())) < turns + WAITING

    def _weigh_all(self) -> None:
        found = {work: weigh(contest, self._ready, self.rule) for work, contest in self._contests.items()}
        self._rows = {work: sorted(row) for work, row in found.items() if row}
        self._n_given, self._weighed, self._front, self._queue, self._last = {}, {}, {}, [], {}
        for work in self._rows:
            self._join_front(work)

    def _weigh_again(self, bidder: str) -> None:
        """Weigh what this bidder leads, or is second in, until the best two of each row are as they are by this award.

        More in hand never makes a bidder better, so what stands further back may be out of date: it is weighed when
        it comes to the front.
        """
        self._n_given[bidder] = self._n_given.get(bidder, 0) + 1
        for work in tuple(self._front.get(bidder, ())):
            self._leave_front(work)
            self._refresh(work, self._rows[work])
            self._join_front(work)

    def _join_front(self, work: str) -> None:
        row = self._rows[work]
        for choice in row[:2]:
            self._front.setdefault(choice.bidder, set()).add(work)
        entry = self._last[work] = (-_regret(row), row[0])
        heappush(self._queue, entry)

    def _leave_front(self, work: str) -> None:
        for choice in self._rows[work][:2]:
            self._front[choice.bidder].discard(work)
        del self._last[work]

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
            for choice in weigh(self._contests[work], self._ready, self.rule, (bidder,)):
                insort(row, choice)


def _regret(row: Sequence[Choice]) -> float:
    """How much worse the second best bidder is."""
    return (row[1].loss if len(row) > 1 else 0.0) - row[0].loss


def _ratio(contest: Contest, rule: AwardRule) -> float:
    """The largest value per hour of the work's own time, wherever it is done."""
    now, value = rule.now, contest.offer.value
    return max([_per_hour(value, bid) for bid in contest.bids.values() if bid.valid_until >= now], default=0.0)


def _per_hour(value: float, bid: Standing) -> float:
    hours = max(SHORTEST, (bid.end_at - bid.start_at).total_seconds() / 3600)
    return value * bid.worth * bid.assured / hours


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
