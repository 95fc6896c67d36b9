"""Samples of which nothing more will come."""

import pytest

from lab_agents.agents.fates import Fate
from lab_agents.agents.planning import Planning
from lab_agents.agents.settled import count_settled, settle, take_back
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.course import BudgetGranted, CampaignFinished, ModelTrained, ObservationRetracted, WorkAwarded
from lab_agents.messages.work import AwardAccepted
from lab_agents.records.control import control_id
from lab_agents.records.space import Candidate
from tests.story import Story, logged, proposal, sample
from tests.unit.lab_agents.agents.test_analysis import taken
from tests.unit.lab_agents.agents.test_fates import MODEL, SAMPLE
from tests.unit.lab_agents.agents.test_training import concluded, observation

CANDIDATE = Candidate(values={"x": 0.5})
RETRACTED = ObservationRetracted(sample=SAMPLE, measurement="m1", reason="r")
FINISHED = CampaignFinished(reason="r", n_made=1, n_observed=1, n_failed=0)


def fate(name: str, stage: str, **changes: bool) -> Fate:
    """A sample that has come so far."""
    return Fate(sample=name, campaign="opv", candidate=CANDIDATE, stage=stage, **changes)


def told(behaviour: object) -> Story:
    """An agent that was told of one sample from its offer to its model."""
    story = Story(behaviour)
    story.begin(batch=1)
    story.tell("supervision", BudgetGranted(samples=6), subject="opv")
    story.tell("planning", proposal((0.5, 0.5, 0.0, 0.0)), cause=story.position, subject="opv")
    award = WorkAwarded(work=f"make-{SAMPLE}", round=1, bidder="line_a", bid=3, score=1.0, reason="r")
    accepted = AwardAccepted(work=f"make-{SAMPLE}", round=1, bidder="line_a")
    for body in (award, accepted, sample(), taken(), observation(1), concluded(1), ModelTrained(model=MODEL)):
        story.tell("x", body, subject=SAMPLE)
    return story


def test_only_what_was_made_observed_and_trained_on_is_let_go() -> None:
    """And control films, on which nothing is trained."""
    good = {"is_made": True, "is_observed": True}
    control = control_id("opv", 1)
    fates = {f.sample: f for f in (fate("a", "trained", **good), fate("b", "failed", **good), fate("c", "lapsed"))}
    fates |= {control: fate(control, "observed", **good), "d": fate("d", "observed", **good)}
    kept, gone = settle(fates)
    assert (sorted(kept), sorted(f.sample for f in gone)) == (["b", "c", "d"], sorted(["a", control]))
    assert count_settled({}, gone, logged(1, "x", FINISHED, campaign="other")) == {"opv": 1}


def test_a_finished_campaign_is_forgotten() -> None:
    """With its count."""
    assert count_settled({"opv": 3}, (), logged(1, "x", FINISHED)) == {}


@pytest.mark.parametrize(("name", "n"), [(SAMPLE, 0), (control_id("opv", 1), 1)])
def test_a_sample_is_taken_back_when_what_was_observed_is_retracted(name: str, n: int) -> None:
    """But a control film never counted."""
    body = RETRACTED.model_copy(update={"sample": name})
    fates, settled = take_back({}, {"opv": 1}, logged(1, "x", body))
    assert (list(fates), settled) == ([name][: 1 - n], {"opv": n})


@pytest.mark.parametrize("behaviour", [Planning("planning"), Supervision("supervision")])
def test_agents_count_a_sample_and_carry_it_no_more(behaviour: object) -> None:
    """Planning and supervision; what is retracted is a failed sample, once."""
    story = told(behaviour)
    assert (dict(story.state.fates), dict(story.state.settled)) == ({}, {"opv": 1})
    for _ in range(2):
        story.tell("supervision", RETRACTED, subject=SAMPLE)
    assert {f.stage for f in story.state.fates.values()} == {"failed"}
    assert dict(story.state.settled) == {"opv": 0}


def test_planning_goes_on_to_spend_and_to_know_what_it_carries_no_more() -> None:
    """One of six samples is spent, and its candidate is not proposed again."""
    state = told(Planning("planning")).state
    assert (state.n_spent, list(state.tried), len(state.known.in_order)) == (1, [SAMPLE], 1)
