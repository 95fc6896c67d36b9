"""What becomes of each sample."""

import pytest

from lab_agents.agents.fates import follow_fates
from lab_agents.agents.offers import Offers, follow_offers
from lab_agents.messages.course import (
    CampaignClosing,
    CampaignFinished,
    CampaignStarted,
    MeasurementConcluded,
    ModelTrained,
    ObservationRetracted,
    RemeasureRequested,
    WindowClosed,
    WorkAwarded,
)
from lab_agents.messages.life import TroubleMet
from lab_agents.messages.work import AwardAccepted, SampleQuarantined
from lab_agents.records.model import TrainedModel
from lab_agents.records.ticket import Trouble
from tests.model_lab import laboratory, plan, sha
from tests.story import logged, proposal, sample
from tests.unit.lab_agents.agents.test_analysis import taken
from tests.unit.lab_agents.agents.test_training import observation

SAMPLE = "opv-0001"
MAKE = "make-opv-0001"
BEGUN = (
    WorkAwarded(work=MAKE, round=1, bidder="line_a", bid=3, score=1.0, reason="r"),
    AwardAccepted(work=MAKE, round=1, bidder="line_a"),
)
MODEL = TrainedModel(
    planner="p", checkpoint=sha("c"), fingerprint=sha("f"), n_observations=1, held_out=None, seed=0, version="1"
)
TRAINED = ModelTrained(model=MODEL)
QUARANTINED = SampleQuarantined(sample=SAMPLE, work=MAKE, reason="r")
CONCLUDED = MeasurementConcluded(sample=SAMPLE, measurement="m", n_observed=1)
UNREAD = MeasurementConcluded(sample=SAMPLE, measurement="m", n_observed=0)
SEEN = (taken(), observation(1), CONCLUDED)
AGAIN = RemeasureRequested(sample=SAMPLE, measurement="m", reason="r")
RETRACTED = ObservationRetracted(sample=SAMPLE, measurement="m", reason="r")
TROUBLE = TroubleMet(trouble=Trouble(what="w"))


def follow(*bodies, **changes):
    """The fates after a start, a proposal of one candidate, and these entries; troubles come with their source."""
    offers, fates = Offers(), {}
    start = (CampaignStarted(plan=plan(**changes), person="ada"), proposal((0.5, 0.5, 0.0, 0.0)))
    for position, told in enumerate((*start, *bodies), start=1):
        source, body = told if isinstance(told, tuple) else ("somebody", told)
        entry = logged(position, source, body, subject=SAMPLE)
        after = follow_offers(offers, entry)
        fates = follow_fates(fates, offers, after, entry, laboratory())
        offers = after
    return fates


@pytest.mark.parametrize(
    ("bodies", "stage"),
    [
        ((), "offered"),
        (BEGUN, "making"),
        ((*BEGUN, sample()), "made"),
        ((*BEGUN, sample(), taken()), "measured"),
        ((*BEGUN, sample(), taken(), observation(1)), "measured"),
        ((*BEGUN, sample(), *SEEN), "observed"),
        ((*BEGUN, sample(), *SEEN, TRAINED), "trained"),
        ((*BEGUN, sample(), taken(), UNREAD), "failed"),
        ((*BEGUN, sample(), taken(), UNREAD, ("analysis", TROUBLE)), "failed"),
        ((*BEGUN, QUARANTINED), "failed"),
        ((*BEGUN, sample(), QUARANTINED), "failed"),
        ((*BEGUN, sample(), taken(), QUARANTINED), "measured"),
        ((*BEGUN, sample(), taken(), AGAIN), "made"),
        ((*BEGUN, sample(), taken(), QUARANTINED, AGAIN), "failed"),
        ((*BEGUN, sample(), taken(), ("analysis", TROUBLE)), "failed"),
        ((*BEGUN, sample(), taken(), ("tester", TROUBLE)), "measured"),
        ((*BEGUN, sample(), *SEEN, ("training", TROUBLE)), "trained"),
        ((*BEGUN, sample(), *SEEN, RETRACTED, TRAINED), "failed"),
        ((WindowClosed(work=MAKE, round=1, bidders=(), refused=("line_a",)),), "refused"),
        ((CampaignClosing(reason="r"),), "lapsed"),
        ((*BEGUN, CampaignClosing(reason="r")), "making"),
        ((*BEGUN, sample(), CampaignClosing(reason="r")), "made"),
        ((*BEGUN, sample(), CampaignClosing(reason="r", measure=False)), "lapsed"),
        ((*BEGUN, CampaignClosing(reason="r", measure=False), sample()), "lapsed"),
    ],
)
def test_a_sample_s_stage_follows_from_the_log(bodies, stage):
    fate = follow(*bodies)[SAMPLE]
    assert fate.stage == stage
    assert fate.has_ended == (stage in ("trained", "failed", "refused", "lapsed"))


@pytest.mark.parametrize(
    ("bodies", "stage"),
    [
        (SEEN, "made"),
        ((*SEEN, taken()), "measured"),
        ((*SEEN, taken(), UNREAD.model_copy(update={"step": 1})), "observed"),
        ((*SEEN, QUARANTINED), "failed"),
        ((taken(), observation(1), QUARANTINED, CONCLUDED), "failed"),
        ((CampaignClosing(reason="r"), *SEEN), "made"),
        ((taken(), CampaignClosing(reason="r", measure=False), observation(1), CONCLUDED), "lapsed"),
    ],
)
def test_a_sample_of_several_measurements_is_observed_after_the_last(bodies, stage):
    kinds = ("transmission_trace", "transmission_trace")
    assert follow(*BEGUN, sample(), *bodies, measurements=kinds)[SAMPLE].stage == stage


def test_an_acceptance_by_a_stranger_begins_nothing():
    fate = follow(BEGUN[0], AwardAccepted(work=MAKE, round=1, bidder="line_b"))[SAMPLE]
    assert (fate.stage, fate.is_spent) == ("offered", False)


def test_a_begun_sample_is_spent_whatever_comes_of_it():
    assert follow(*BEGUN, QUARANTINED)[SAMPLE].is_spent
    assert follow(*BEGUN, sample(), CampaignClosing(reason="r", measure=False))[SAMPLE].is_spent


def test_a_finished_campaign_s_samples_are_forgotten():
    assert follow(*BEGUN, CampaignFinished(reason="r", n_made=0, n_observed=0, n_failed=0)) == {}
