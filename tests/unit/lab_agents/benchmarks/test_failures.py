"""What is counted of a campaign with failing tasks; the campaigns are run by the benchmark itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from instruments.lab import read_laboratory
from lab_agents.auditing.ledger import Ledger, Moved
from lab_agents.benchmarks.failures import REFUSED, FailingCampaign, count, failure_figures, write_failing
from lab_agents.campaign_file import read_campaign
from lab_agents.chaos.scorecard import Tally, tally
from lab_agents.messages.course import TicketClosed
from lab_agents.messages.work import SampleQuarantined, TaskStarted
from simulators.faults import declared_faults
from tests.story import logged

ALL = frozenset(f"s-{i}" for i in range(20))
GOOD = FailingCampaign(
    is_complete=True,
    agrees=True,
    n_tasks=100,
    n_failed=20,
    samples=ALL,
    spoiled=frozenset(),
    completed=ALL,
    helped=frozenset(),
)


@pytest.fixture
def counted(written: Path) -> Tally:
    """A campaign in which everything agrees."""
    return tally(written)


def verdicts(*campaigns: FailingCampaign) -> list[str]:
    """Of the four rows."""
    return [figure.verdict for figure in failure_figures(campaigns)]


def test_one_healthy_sample_of_twenty_may_be_lost_and_no_more():
    assert verdicts(replace(GOOD, completed=ALL - {"s-1"})) == ["passed"] * 4
    assert verdicts(replace(GOOD, completed=ALL - {"s-1", "s-2"}))[3] == "failed"
    assert verdicts(replace(GOOD, helped=frozenset({"s-1", "s-2"})))[3] == "failed"


def test_what_was_dropped_is_not_healthy():
    dropped = frozenset({"s-1", "s-2", "s-3"})
    (*_, row) = failure_figures([replace(GOOD, spoiled=dropped, completed=ALL - dropped, helped=dropped)])
    assert (row.verdict, row.measured) == ("passed", 1.0)
    assert row.note == "17 of 17; 3 more were dropped"


def test_a_campaign_that_does_not_end_or_agree_fails():
    assert verdicts(replace(GOOD, is_complete=False), GOOD)[1] == "failed"
    assert verdicts(GOOD, replace(GOOD, agrees=False))[2] == "failed"
    assert verdicts() == ["passed", "failed", "failed", "failed"]


def test_the_laboratory_refuses_every_fifth_start_and_its_campaign_can_be_read(tmp_path):
    path = write_failing(tmp_path / "failing", 3, 8)
    campaign = read_campaign(path)
    faults = declared_faults(read_laboratory(campaign.lab_path).simulation)
    assert faults.mishap("refusal", "robot").rate == REFUSED
    assert faults.mishap("drop").rate > 0
    assert (campaign.plan.budget.samples, campaign.plan.controls, campaign.plan.seed) == (8, None, 3)


def test_what_is_given_up_or_asked_about_is_counted_by_its_sample(counted):
    first, second = (sample.id for sample in counted.begun)
    given_up = logged(900, "line_a", SampleQuarantined(sample=first, work="w", reason="r"))
    asked = logged(901, "supervision", TicketClosed(ticket="t", answer="seen", person="ada"), subject=second)
    plain = count(counted, Ledger(), has_ended=True)
    assert (plain.completed, plain.helped) == ({first, second}, frozenset())
    found = count(replace(counted, entries=(*counted.entries, given_up, asked)), Ledger(), has_ended=True)
    assert (found.completed, found.helped) == ({second}, {second})
    assert found.good == frozenset()


def test_a_film_is_spoiled_that_the_ledger_saw_fall(counted):
    begun = next(e.entry.record for e in counted.entries if isinstance(e.entry.record, TaskStarted))
    task = begun.task
    line = Moved(1, "robot", task.token(0), "drop", {})
    found = count(counted, Ledger(acts=(line,)), has_ended=True)
    assert found.spoiled == {task.sample}
    assert found.healthy == found.samples - {task.sample}
