"""Which work may be bid for."""

import pytest

from lab_agents.agents.offers import Offers, follow_offers, make_work, measure_work, value_of
from lab_agents.messages.course import (
    AwardWithdrawn,
    CampaignClosing,
    CampaignFinished,
    CampaignStarted,
    MeasurementConcluded,
    RemeasureRequested,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.life import LabOpened
from lab_agents.messages.work import AwardAccepted, AwardDeclined, SampleQuarantined
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.space import Candidate
from lab_agents.records.stock import Standard
from tests.model_lab import laboratory, plan
from tests.story import logged, proposal, sample

WORK = "make-opv-0001"
AWARD = WorkAwarded(work=WORK, round=1, bidder="line_a", bid=3, score=1.0, reason="r")
ACCEPTED = AwardAccepted(work=WORK, round=1, bidder="line_a")
WITHDRAWN = AwardWithdrawn(work=WORK, round=1, bidder="line_a", reason="r")
DECLINED = AwardDeclined(work=WORK, round=1, bidder="line_a", reason="r")


def follow(*bodies, **changes) -> Offers:
    """The offers after a campaign's start, one proposal and these entries, from position 3 on."""
    offers = Offers()
    start = (CampaignStarted(plan=plan(**changes), person="ada"), proposal((0.5, 0.5, 0.0, 0.0)))
    for position, body in enumerate((*start, *bodies), start=1):
        offers = follow_offers(offers, logged(position, "somebody", body))
    return offers


def test_a_proposal_offers_each_of_its_candidates():
    assert [o.work for o in follow().opened_at(2)] == [WORK]


def test_an_acceptance_before_the_withdrawal_counts():
    assert WORK not in follow(AWARD, ACCEPTED, WITHDRAWN).open


@pytest.mark.parametrize("end", [WITHDRAWN, DECLINED])
def test_a_withdrawn_or_declined_award_opens_the_next_round(end):
    offer = follow(AWARD, end, ACCEPTED).open[WORK]
    assert (offer.round, offer.since, offer.awarded) == (2, 4, None)


def test_an_acceptance_by_somebody_else_does_not_count():
    assert WORK in follow(AWARD, AwardAccepted(work=WORK, round=1, bidder="line_b")).open


def test_work_that_everybody_refused_is_no_offer_any_more():
    closed = WindowClosed(work=WORK, round=1, bidders=(), refused=("line_a", "line_b"))
    assert WORK not in follow(closed).open


def test_work_with_silent_bidders_stays_an_offer():
    closed = WindowClosed(work=WORK, round=1, bidders=(), refused=("line_b",), silent=("line_a",))
    assert follow(closed).open[WORK].round == 1


def test_a_sample_is_offered_for_measuring_where_it_stands():
    offer = follow(sample()).open[measure_work("opv-0001", 1)]
    assert (offer.kind, offer.place) == ("measure", "rack_1")


def test_another_measurement_is_another_work():
    again = RemeasureRequested(sample="opv-0001", measurement="m", reason="r")
    assert "measure-opv-0001-2" in follow(sample(), again).open


def test_the_next_measurement_is_offered_when_one_was_concluded():
    kinds = ("transmission_trace", "pattern")
    concluded = MeasurementConcluded(sample="opv-0001", measurement="m", n_observed=1)
    offers = follow(sample(), concluded, measurements=kinds)
    offer = offers.open["measure-opv-0001-2"]
    assert (offer.measurement, offer.step, offer.attempt, offer.place) == ("pattern", 1, 1, "rack_1")
    again = RemeasureRequested(sample="opv-0001", measurement="m", reason="r")
    longer = follow(sample(), concluded, again, measurements=kinds).open["measure-opv-0001-3"]
    assert (longer.measurement, longer.step, longer.attempt) == ("pattern", 1, 2)


def test_after_the_last_measurement_nothing_is_offered():
    concluded = MeasurementConcluded(sample="opv-0001", measurement="m", n_observed=1)
    after = follow(sample(), concluded)
    assert set(after.open) == set(follow(sample()).open)
    assert (list(follow(sample()).samples), list(after.samples)) == (["opv-0001"], []), "it is let go"


def test_a_measurement_that_is_concluded_twice_is_followed_by_one_offer():
    kinds = ("transmission_trace", "pattern", "sheet")
    concluded = MeasurementConcluded(sample="opv-0001", measurement="m", n_observed=1)
    assert "measure-opv-0001-3" not in follow(sample(), concluded, concluded, measurements=kinds).open


def test_a_quarantined_sample_is_not_measured():
    quarantined = SampleQuarantined(sample="opv-0001", work=WORK, reason="r")
    assert follow(sample(), quarantined).samples == {}
    again = RemeasureRequested(sample="opv-0001", measurement="m", reason="r")
    assert "measure-opv-0001-2" not in follow(sample(), quarantined, again).open


def test_a_closing_campaign_offers_nothing_to_make_but_still_measures():
    offers = follow(CampaignClosing(reason="r"), sample(2))
    assert set(offers.open) == {"measure-opv-0002-1"}


def test_an_aborted_campaign_offers_nothing():
    assert follow(CampaignClosing(reason="r", measure=False), sample(2), proposal((1.0, 0.0, 0.0, 0.0))).open == {}


def test_a_finished_campaign_is_forgotten():
    finished = CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0)
    assert follow(sample(), finished) == Offers()


def test_value_grows_with_the_acquisition_and_is_one_without():
    def value(acquisition):
        candidate = Candidate(values={"x": 1.0})
        return value_of(ProposedCandidate(sample="s", candidate=candidate, acquisition=acquisition))

    assert value(None) == 1.0
    assert 0 < value(-1e9) < value(-3.0) < value(2.0) < value(1e9) < float("inf")
    assert make_work("s") == "make-s"


STANDARDS = (
    Standard(name="glass", kind="blank", place="rack_1"),
    Standard(name="silicon", kind="silicon", place="rack_2"),
)


def checks(*bodies, kinds=("spectrum", "pattern")):
    """The standards that are offered after a start in a laboratory with two, and these entries."""
    lab = laboratory().model_copy(update={"standards": STANDARDS})
    opened = LabOpened(laboratory=lab, file="0" * 64, version="1")
    offers = Offers()
    for position, body in enumerate((opened, CampaignStarted(plan=plan(measurements=kinds), person="ada"), *bodies), 1):
        offers = follow_offers(offers, logged(position, "somebody", body))
    return [work for work in sorted(offers.open) if work.startswith("check-")]


def test_standards_are_offered_with_a_batch_whose_measurements_lean_on_them():
    first = proposal((0.5, 0.5, 0.0, 0.0))
    assert checks(first) == ["check-glass-opv-1", "check-silicon-opv-1"]
    assert checks(first, kinds=("spectrum",)) == ["check-glass-opv-1"]
    assert checks(first, kinds=("transmission_trace",)) == []


def test_silicon_is_looked_at_once_a_day_and_the_blank_before_each_batch():
    first = proposal((0.5, 0.5, 0.0, 0.0))
    second = first.model_copy(update={"proposal": first.proposal.model_copy(update={"number": 2})})
    assert checks(first, second) == ["check-glass-opv-1", "check-glass-opv-2", "check-silicon-opv-1"]


def test_a_closing_campaign_needs_no_standards():
    assert checks(proposal((0.5, 0.5, 0.0, 0.0)), CampaignClosing(reason="r")) == []


def test_a_standard_that_fell_is_offered_no_more():
    fell = SampleQuarantined(sample="glass", work="check-glass-opv-1", reason="it fell")
    first = proposal((0.5, 0.5, 0.0, 0.0))
    second = first.model_copy(update={"proposal": first.proposal.model_copy(update={"number": 2})})
    assert checks(first, fell, second) == ["check-silicon-opv-1"]
