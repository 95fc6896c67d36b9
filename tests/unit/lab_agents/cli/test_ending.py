"""The last words of `run`."""

import io
from datetime import timedelta

from rich.console import Console

from lab_agents.cli.ending import print_cost, print_summary
from lab_agents.report.account import Account
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_campaign import example, tell_campaign


def printed(account, truth=None):
    out = io.StringIO()
    console = Console(width=140, file=out)
    print_summary(console, account, truth)
    print_cost(console, account, timedelta(seconds=125), 1_500 * 2**20)
    return out.getvalue()


def test_the_best_are_told_with_values_deviations_and_what_they_are_made_of():
    account = tell(tell_campaign(20))
    text = printed(account)
    best = account.best(1)[0]
    assert best.id in text
    assert f"± {best.objective.deviation:.4f}" in text
    assert "PCBM" in text
    assert "recorded" not in text


def test_the_regret_is_told_where_a_table_is_known():
    campaign = example()
    text = printed(tell(tell_campaign(20)), Truth(campaign.data, campaign.plan.target))
    assert "Regret against the best recorded material (0.001623) after samples 3: " in text
    assert "Of the table's best 5 % (51 materials)" in text


def test_time_and_memory_are_told():
    assert "wall time 2 min 5 s; memory at most 1,500 MB" in printed(tell(tell_campaign(4)))


def test_nothing_concluded_is_said():
    assert "No property was concluded" in printed(Account())
