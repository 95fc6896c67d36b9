"""Who made what, and why: the bids, and how what was promised compares with what came of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from lab_agents.messages.course import WorkAwarded
from lab_agents.report.account import Account
from lab_agents.report.sample_account import SampleAccount
from lab_agents.report.wording import duration


@dataclass(frozen=True)
class Maker:
    """One line: its bids to make samples, what it won and made, and how sure it said to be."""

    name: str
    n_bids: int
    n_won: int
    n_made: int
    n_failed: int
    n_refused: int
    offered: timedelta | None
    chance: float | None


def makers(account: Account) -> list[Maker]:
    """Every agent that bid to make a sample, made one or failed; times and chances are means of its bids."""
    samples = list(account.samples.values())
    bids = [b.bid for s in samples for b in s.bids if b.bid.work == f"make-{s.id}"]
    refused = Counter(r.bidder for s in samples for r in s.refusals)
    won = Counter(a.bidder for s in samples if (a := _award(s)) is not None)
    made = Counter(s.sample.made_by for s in samples if s.sample is not None)
    failed = Counter(f.owner for _, f in account.failures)
    result = []
    for name in sorted({b.bidder for b in bids} | set(made) | set(failed) | set(refused)):
        mine = [b for b in bids if b.bidder == name]
        offered = sum(((b.end_at - b.start_at) for b in mine), timedelta()) / len(mine) if mine else None
        chance = sum(b.chance for b in mine) / len(mine) if mine else None
        result.append(Maker(name, len(mine), won[name], made[name], failed[name], refused[name], offered, chance))
    return result


def bidding(sample: SampleAccount) -> str:
    """Who bid what for making a sample, and why it was awarded as it was."""
    work = f"make-{sample.id}"
    words = [
        f"{b.bid.bidder} offered {duration(b.bid.end_at - b.bid.start_at)}, {100 * b.bid.chance:.0f} % sure"
        for b in sample.bids
        if b.bid.work == work
    ]
    words += [f"{r.bidder} refused: {r.reason}" for r in sample.refusals if r.work == work]
    award = _award(sample)
    return "; ".join(words + ([f"awarded to {award.bidder}: {award.reason}"] if award is not None else []))


def _award(sample: SampleAccount) -> WorkAwarded | None:
    awards = [a for a in sample.awards if a.work == f"make-{sample.id}"]
    return awards[-1] if awards else None
