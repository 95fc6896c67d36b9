"""Folding a log into the account of its campaign."""

import pytest

from lab_agents.errors import ReportError
from lab_agents.messages.work import TaskFailed
from lab_agents.report.telling import Teller, tell
from tests.told_absorber import tell_absorber
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


def test_a_task_that_failed_and_was_tried_again_is_no_failure_of_its_sample(log):
    failed = next(e for e in log if isinstance(e.entry.record, TaskFailed))
    elsewhere = failed.entry.record.model_copy(update={"sample": "opv_blend-0001"})
    again = failed.model_copy(update={"entry": failed.entry.model_copy(update={"record": elsewhere})})
    account = tell([*log[: log.index(failed)], again, *log[log.index(failed) :]])
    assert len(account.failures) == 2
    assert account.samples["opv_blend-0001"].failure == ""


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


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return tell_absorber(tmp_path_factory.mktemp("blobs"), 12)


def test_a_sample_of_several_measurements_holds_all_that_they_said(films):
    sample = tell(films).samples["absorber-0010"]
    assert set(sample.observations) == {"gap", "perovskite_fraction", "gap_shift", "kept", "sheet_resistance"}
    assert sample.steps == {0, 1, 2, 3, 4}
    assert sample.is_hit


def test_what_could_not_be_read_says_why(films):
    yellow = tell(films).samples["absorber-0002"]
    assert yellow.missing["gap"] == "no edge from 1.13 to 3.2 eV"
    assert (yellow.chance, yellow.outcome) == (0.0, "observed")


def test_a_sample_counts_as_concluded_with_its_last_measurement(films):
    teller = Teller()
    for logged in films:
        teller.take(logged)
        account = teller.account
        body = logged.entry.record
        if body.__class__.__name__ == "MeasurementConcluded" and body.sample == "absorber-0001":
            is_last = body.step == 4
            assert ("absorber-0001" in [s.id for s in account.concluded_samples()]) == is_last
            assert "absorber-0001" in [s.id for s in account.observed_samples()]
    assert len(account.concluded_samples()) == 11
    order = [s.positions["observed"] for s in account.concluded_samples() if not s.retracted]
    assert account.observed[-1] == "absorber-0012" or order == sorted(order)


def test_a_retraction_takes_only_what_its_measurement_said(films):
    sample = tell(films).samples["absorber-0004"]
    assert sample.retracted == {"perovskite_fraction": "the shutter stuck"}
    assert "gap" in sample.observations
    assert sample.chance == 0.0


def test_what_is_measured_beside_candidates_is_kept_apart(films):
    account = tell(films)
    assert [(c.id, c.kind) for c in account.checks.values()][:3] == [
        ("blank-1", "blank"), ("silicon-1", "standard"), ("control-1", "control"),
    ]  # fmt: skip
    assert account.checks["blank-1"].measurements[0].kind == "spectrum"
    assert [o.property for _, o in account.checks["control-1"].observations] == ["gap", "kept"]
    assert all(s.id.startswith("absorber-") for s in account.observed_samples())


def test_a_display_is_told_the_same_results_without_how_they_came_about(log):
    teller, whole = Teller(keeps_details=False), tell(log)
    for logged in log:
        teller.take(logged)
    brief = teller.account
    assert [s.id for s in brief.leading(5)] == [s.id for s in whole.leading(5)]
    assert {s.id: (s.outcome, s.objective) for s in brief.samples.values()} == {
        s.id: (s.outcome, s.objective) for s in whole.samples.values()
    }
    assert not brief.spans
    assert not brief.models
    assert not any(s.bids or s.awards for s in brief.samples.values())
