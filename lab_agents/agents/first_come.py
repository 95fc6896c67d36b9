"""First come, first served: works in the order in which they were offered, each to the bidder with least in hand.

Neither speed nor chances count, and nothing waits for a better bidder. It is what joint awards are measured against,
and it suits a laboratory whose lines are all alike.
"""

from collections.abc import Sequence

from lab_agents.agents.choices import AwardRule, Choice, award, choices, in_hand
from lab_agents.agents.contests import Contest


def choose_first(contests: dict[str, Contest], works: Sequence[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded; of equal bidders, to who answered first."""
    for turn, work in enumerate(sorted(works, key=lambda work: (contests[work].offer.since, work))):
        found = choices(contests[work], contests, rule)
        if n <= 0 or not found:
            continue
        first = min(found, key=lambda choice: _queue(contests, choice))
        reason = f"first come, first served: {first.bidder} had {len(in_hand(contests, first.bidder))} works in hand"
        contests[work] = award(contests[work], first, turn, reason, rule)
        rule = rule.after(contests[work])
        n -= 1
    return contests


def _queue(contests: dict[str, Contest], choice: Choice) -> tuple[int, int]:
    return len(in_hand(contests, choice.bidder)), contests[choice.work].bids[choice.bidder].position
