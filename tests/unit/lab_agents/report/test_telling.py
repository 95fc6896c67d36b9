"""Folding a log into the account of its campaign."""

import pytest

from lab_agents.errors import ReportError
from lab_agents.report.telling import Teller, tell
from tests.told_campaign import tell_campaign


@pytest.fixture(scope="module")
def log():
    return tell_campaign(20, failing=9)


def test_every_sample_is_told_from_proposal_to_observation(log):
    account = tell(log)
    assert len(account.samples) == 20
    assert len(account.observed_samples()) == 19
    first = account.samples["opv_blend-0001"]
    assert first.outcome == "observed"
    assert first.sample.made_by == "line_a"
    assert first.measurements[0].sample == first.id
    assert [b.bid.bidder for b in first.bids] == ["line_a", "line_b"]
    assert first.awards[-1].bidder == "line_a"
    assert first.positions["proposed"] < first.positions["made"] < first.positions["observed"]


def test_a_failed_sample_says_why(log):
    account = tell(log)
    failed = account.samples["opv_blend-0010"]
    assert (failed.outcome, failed.failure) == ("failed", "dispenser_b: channel 3 is clogged")
    assert account.failures[0][1].unknown
    assert account.tickets["ticket-1"].answer == "discard"


def test_the_best_come_first(log):
    values = [s.objective.value for s in tell(log).best(5)]
    assert values == sorted(values)


def test_ended_tasks_leave_one_span_for_each_act(log):
    spans = [s for s in tell(log).spans if s.sample == "opv_blend-0001"]
    assert [(s.instrument, s.plan) for s in spans] == [
        ("dispenser_a", "dose"), ("coater_a", "coat"), ("robot", "transfer"), ("tester", "soak"),
    ]  # fmt: skip
    assert all(s.ended_at > s.started_at for s in spans)


def test_a_failed_act_is_a_span_that_is_not_ok(log):
    assert [(s.instrument, s.sample) for s in tell(log).spans if not s.ok] == [("dispenser_b", "opv_blend-0010")]


def test_a_campaign_that_runs_is_told_up_to_now(log):
    teller = Teller()
    for logged in log[: len(log) // 2]:
        teller.take(logged)
    assert not teller.account.is_complete
    assert 0 < len(teller.account.observed_samples()) < 19


def test_a_retracted_observation_does_not_count(log):
    from lab_agents.messages.course import ObservationRetracted

    body = ObservationRetracted(sample="opv_blend-0001", measurement="m-opv_blend-0001", reason="lamp was off")
    last = log[-3]
    entry = last.entry.model_copy(update={"kind": "ObservationRetracted", "record": body})
    account = tell([*log[:-2], last.model_copy(update={"entry": entry})])
    assert account.samples["opv_blend-0001"].outcome == "retracted"
    assert len(account.observed_samples()) == 18


def test_an_unknown_campaign_is_refused_with_those_that_are_known(log):
    with pytest.raises(ReportError, match=r"no campaign 'other'.*Known are opv_blend"):
        tell(log, "other")


def test_a_log_without_a_campaign_says_how_to_start_one(log):
    with pytest.raises(ReportError, match="lab-agents run FILE"):
        tell(log[:3])
