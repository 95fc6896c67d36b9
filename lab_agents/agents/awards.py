"""Awarding held work: who gets it, by the rule that the campaign chose."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from lab_agents.agents.choices import AwardRule
from lab_agents.agents.contests import Contest
from lab_agents.agents.first_come import choose_first
from lab_agents.agents.joint import choose_jointly
from lab_agents.records.campaign import AwardOrder

Chooser = Callable[[dict[str, Contest], Sequence[str], int, AwardRule], dict[str, Contest]]

_CHOOSERS: Mapping[AwardOrder, Chooser] = {"joint": choose_jointly, "first_come": choose_first}


def award_held(contests: Mapping[str, Contest], works: Iterable[str], n: int, rule: AwardRule) -> dict[str, Contest]:
    """The contests after up to `n` of the held `works` were awarded."""
    return _CHOOSERS[rule.order](dict(contests), sorted(works), n, rule)
