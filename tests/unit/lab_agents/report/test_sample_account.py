"""What follows for the target from all that is known of one sample."""

from datetime import UTC, datetime

import pytest

from lab_agents.records.observation import Observation
from lab_agents.records.proposal import ProposedCandidate
from lab_agents.records.sample import AsMade, Sample
from lab_agents.records.space import Candidate
from lab_agents.records.target import Constraint, Target
from lab_agents.report.sample_account import Quantity, SampleAccount

MADE = AsMade(values={"pb": 0.2, "sn": 0.8}, deviations={"pb": 0.01})
GAP = Constraint(property="gap", lower=1.33, upper=1.37, unit="eV")
LEAD = Target(property="lead", direction="minimize", parameter="pb", constraints=(GAP,))


def account(target=LEAD, made=True):
    candidate = ProposedCandidate(sample="a-0001", candidate=Candidate(values=MADE.values))
    sample = Sample(
        id="a-0001", campaign="a", work="make-a-0001", asked=candidate.candidate, made=MADE, made_by="line_a",
        made_at=datetime(2026, 1, 1, tzinfo=UTC), place="rack_1",
    )  # fmt: skip
    return SampleAccount(candidate, 1, "constrained", None, target, {}, sample=sample if made else None)


def seen(name="gap", value=1.35, deviation=0.005, unit="eV"):
    return Observation(
        sample="a-0001", measurement="m-1", property=name, value=value, deviation=deviation, unit=unit, made=MADE,
        raw="0" * 64, analysis="elliott_edge", version="0.1.0",
    )  # fmt: skip


def test_a_parameter_as_made_is_the_objective_without_a_measurement():
    assert account().objective == Quantity(0.2, 0.01, "1")
    assert account(made=False).objective is None


def test_a_measured_objective_is_known_once_it_was_read():
    sample = account(Target(property="gap", direction="minimize", unit="eV"))
    assert sample.objective is None
    sample.observations["gap"] = seen()
    assert sample.objective.text == "1.3500 ± 0.0050 eV"


def test_a_hit_meets_every_constraint_with_the_confidence_wanted():
    sample = account()
    assert (sample.chance, sample.is_hit) == (0.0, False)
    sample.observations["gap"] = seen()
    assert sample.chance == pytest.approx(0.99994, abs=1e-5)
    assert sample.is_hit
    sample.observations["gap"] = seen(value=1.365)
    assert sample.chance == pytest.approx(0.841, abs=1e-3)
    assert not sample.is_hit


def test_what_was_read_in_the_end_is_not_missing():
    sample = account()
    sample.unread["gap"] = "no edge"
    assert sample.missing == {"gap": "no edge"}
    sample.observations["gap"] = seen()
    assert sample.missing == {}


def test_one_word_tells_how_far_a_sample_is():
    sample = account()
    assert (account(made=False).outcome, sample.outcome) == ("not made", "made")
    sample.failure = "dropped"
    assert sample.outcome == "failed"
    sample.observations["gap"] = seen()
    assert (sample.outcome, sample.analyses) == ("observed", ["elliott_edge 0.1.0"])
    sample.retracted["gap"] = "lamp was off"
    assert sample.outcome == "retracted"
