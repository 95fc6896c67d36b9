"""When a campaign has done enough."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_agents.agents.stopping_rules import (
    Progress,
    expected_gain,
    find_best,
    find_enough,
    follow_progress,
    says_enough,
)
from lab_agents.messages.course import MeasurementConcluded, ObservationMade, ProposalMade
from lab_agents.messages.work import ConsumableUsed
from lab_agents.records.observation import Observation
from lab_agents.records.prices import Prices
from lab_agents.records.proposal import Prediction, Proposal, ProposedCandidate
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate
from lab_agents.records.stopping import GainTooSmall, TargetMet
from lab_agents.records.target import Constraint, Target
from tests.model_lab import START, sha
from tests.story import logged

GAP = Constraint(property="gap", lower=1.3, upper=1.4)
LEAD = Target(property="lead", direction="minimize", parameter="pb", constraints=(GAP,))
STRENGTH = Target(property="strength", direction="maximize", unit="MPa")
FREE = (Prices(), START)


def seen(sample: str, name: str, value: float, deviation: float, pb: float = 0.5) -> ObservationMade:
    """One conclusion on a sample."""
    made = AsMade(values={"pb": pb}, deviations={"pb": 0.01})
    observation = Observation(
        sample=sample, measurement=f"m-{sample}", property=name, value=value, deviation=deviation, unit="eV", made=made,
        raw=sha("raw"), analysis="spectrum", version="1",
    )  # fmt: skip
    return ObservationMade(observation=observation)


def offered(*candidates: ProposedCandidate) -> ProposalMade:
    """A proposal."""
    return ProposalMade(proposal=Proposal(number=1, planner="p", candidates=candidates, inputs=sha("q"), seed=0))


def candidate(pb: float = 0.5, **predictions: tuple[float, float]) -> ProposedCandidate:
    """A candidate of so much lead, with what is expected of it."""
    stated = {name: Prediction(mean=mean, deviation=deviation) for name, (mean, deviation) in predictions.items()}
    return ProposedCandidate(sample="c-1", candidate=Candidate(values={"pb": pb}), predictions=stated)


def told(target: Target, *bodies, rule: GainTooSmall | None = None, prices=FREE) -> Progress:
    """The progress after these entries, one second apart."""
    progress = Progress()
    for position, body in enumerate(bodies, start=1):
        progress = follow_progress(progress, logged(position, "x", body), target, rule, prices)
    return progress


def test_a_target_is_met_when_enough_samples_state_it():
    """A conclusion that is missing meets nothing, and one on the bound only by half."""
    progress = told(LEAD, seen("a", "gap", 1.35, 0.01), seen("b", "gap", 1.40, 0.01), seen("d", "kept", 1.0, 0.1))
    assert find_enough(progress, LEAD, TargetMet(), None) == (
        "the target is met: 1 sample meets it with a confidence of at least 90 %"
    )
    assert find_enough(progress, LEAD, TargetMet(samples=2), None) == ""
    assert find_enough(progress, LEAD, TargetMet(samples=2, confidence=0.4), None).startswith("the target is met: 2")


def test_the_objective_can_be_part_of_what_is_enough():
    progress = told(LEAD, seen("a", "gap", 1.35, 0.001, pb=0.40))
    assert find_enough(progress, LEAD, TargetMet(objective=0.45), None)
    assert find_enough(progress, LEAD, TargetMet(objective=0.40), None) == ""
    strong = told(STRENGTH, seen("a", "strength", 9.0, 0.1))
    assert find_enough(strong, STRENGTH, TargetMet(objective=8.5), None)
    assert find_enough(strong, STRENGTH, TargetMet(objective=9.5), None) == ""


def test_the_best_meets_the_constraints():
    progress = told(LEAD, seen("a", "gap", 1.35, 0.01, pb=0.4), seen("b", "gap", 1.5, 0.01, pb=0.1))
    assert find_best(progress.known, LEAD) == 0.4
    assert find_best(Progress().known, LEAD) is None


def test_an_expected_gain_is_the_improvement_times_the_chance():
    assert expected_gain(candidate(0.3, gap=(1.35, 0.001)), LEAD, 0.4) == pytest.approx(0.1)
    assert expected_gain(candidate(0.3, gap=(1.40, 0.001)), LEAD, 0.4) == pytest.approx(0.05)
    assert expected_gain(candidate(0.5, gap=(1.35, 0.001)), LEAD, 0.4) == 0.0


def test_nobody_knows_the_gain_without_predictions_or_without_a_best():
    assert math.isinf(expected_gain(candidate(0.3), LEAD, 0.4))
    assert math.isinf(expected_gain(candidate(0.3, gap=(1.35, 0.01)), LEAD, None))
    assert math.isinf(expected_gain(candidate(0.3), STRENGTH, 9.0))


@given(mean=st.floats(-50, 50), deviation=st.floats(0, 20), best=st.floats(-50, 50))
def test_an_expected_gain_is_never_negative_nor_less_than_that_of_the_mean(mean, deviation, best):
    gain = expected_gain(candidate(strength=(mean, deviation)), STRENGTH, best)
    assert gain >= max(0.0, mean - best) - 1e-9


def test_too_small_a_gain_must_be_met_several_times_in_a_row():
    rule = GainTooSmall(below=0.05, proposals=2)
    small, large = offered(candidate(0.38, gap=(1.35, 0.001))), offered(candidate(0.2, gap=(1.35, 0.001)))
    hit = seen("a", "gap", 1.35, 0.001, pb=0.4)
    assert find_enough(told(LEAD, hit, small, large, small, rule=rule), LEAD, None, rule) == ""
    enough = find_enough(told(LEAD, hit, small, small, rule=rule), LEAD, None, rule)
    assert enough == (
        "the expected gain is too small: no candidate of the last 2 proposals promised 0.05; the last best one 0.02"
    )


def test_a_gain_is_weighed_against_what_a_sample_cost():
    """Two euros of ink for one sample; a gain of 0.02 at 1,000 euros for each unit is worth twenty."""
    prices = (Prices(consumables={"ink": 1.0}), START)
    hit, used = seen("a", "gap", 1.35, 0.001, pb=0.4), ConsumableUsed(consumable="ink", amount=2.0, work="w")
    small = offered(candidate(0.38, gap=(1.35, 0.001)))
    dear, cheap = GainTooSmall(worth=1000.0, proposals=1), GainTooSmall(worth=10.0, proposals=1)
    first = offered(candidate(0.5))
    assert told(LEAD, first, hit, used, small, rule=dear, prices=prices).n_small == 0
    progress = told(LEAD, first, hit, used, small, rule=cheap, prices=prices)
    assert "promised what a sample costs" in find_enough(progress, LEAD, None, cheap)


def test_it_is_asked_where_something_new_is_known():
    concluded = MeasurementConcluded(sample="a", measurement="m", n_observed=1)
    assert says_enough(logged(1, "analysis", concluded))
    assert not says_enough(logged(1, "x", ConsumableUsed(consumable="ink", amount=2.0, work="w")))
