"""The last words of `run`."""

import io
from datetime import timedelta

from rich.console import Console

from lab_agents.cli.ending import print_cost, print_summary
from lab_agents.report.account import Account
from lab_agents.report.telling import tell
from lab_agents.report.truth import Truth
from tests.told_absorber import tell_absorber
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


def test_a_target_with_constraints_ends_with_every_property_of_the_best(tmp_path):
    text = printed(tell(tell_absorber(tmp_path, 12)))
    assert "1 hit among 11 samples (*), each with a chance of at least 90 %: minimize lead (pb as made) with" in text
    row = next(line for line in text.splitlines() if "absorber-0010" in line)
    assert row.count("±") == 5
    assert "absorber-0010 as made: cs " in text
    assert " *" in row


def test_without_a_hit_the_nearest_are_told(tmp_path):
    account = tell(tell_absorber(tmp_path, 4))
    text = printed(account)
    assert "No hit among 4 samples; the nearest, to minimize lead" in text
    assert account.leading(1)[0].id in text
    assert "not read" not in text.splitlines()[2]
