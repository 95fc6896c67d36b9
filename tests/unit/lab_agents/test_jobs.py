"""What compute workers run."""

import json
from pathlib import Path

import pytest

from lab_agents.blobs import DirectoryBlobs
from lab_agents.errors import BlobError
from lab_agents.jobs import run_job, to_learned
from lab_agents.records.campaign import PlannerChoice
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.proposal import Proposal
from lab_agents.records.questions import (
    ANALYSE_ANSWER,
    ASK_ANSWER,
    AnalyseArguments,
    AnalysisFailed,
    AskArguments,
    Exhausted,
    Found,
    RefusedCandidate,
    Remeasure,
    TrainArguments,
)
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate
from lab_agents.records.target import Constraint, Target
from planners.errors import QuestionError, SettingsError
from planners.protocols import Learned, Outcome
from tests.contracts.planner import POOL, SIMPLEX

TARGET = Target(property="loss", direction="minimize", unit="1")


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    """An empty store."""
    return DirectoryBlobs(tmp_path)


def candidate(row: tuple[float, ...]) -> Candidate:
    """A candidate of the simplex."""
    return Candidate(values=dict(zip("abc", row, strict=True)))


def observation(number: int, row: tuple[float, ...], unit: str = "1") -> Observation:
    """The bowl at `row`."""
    return Observation(
        sample=f"bowl-{number:04d}",
        measurement=f"m-{number}",
        property="loss",
        value=sum(x * x for x in row),
        deviation=0.01,
        unit=unit,
        made=AsMade(values=dict(zip("abc", row, strict=True)), deviations=dict.fromkeys("abc", 0.001)),
        raw="0" * 64,
        analysis="transmission_decay",
        version="0",
    )


def ask(blobs: DirectoryBlobs, planner: str = "bayesian", n_observed: int = 6, **changes: object) -> AskArguments:
    """A question in the middle of a campaign on the pool."""
    rows = POOL[:: len(POOL) // n_observed][:n_observed] if n_observed else ()
    pool = blobs.put(json.dumps(POOL).encode())
    arguments = AskArguments(
        campaign="bowl",
        number=3,
        target=TARGET,
        space=SIMPLEX.model_copy(update={"pool": pool}),
        planner=PlannerChoice(name=planner),
        observations=tuple(observation(i, row) for i, row in enumerate(rows, start=1)),
        made=tuple(candidate(row) for row in rows),
        n=2,
        first_sample=n_observed + 1,
        seed=5,
    )
    return arguments.model_copy(update=changes)


@pytest.mark.parametrize("planner", ["bayesian", "constrained", "space_filling", "random"])
def test_an_ask_is_answered_by_a_proposal_that_keeps_its_question(blobs: DirectoryBlobs, planner: str) -> None:
    """Samples are numbered on; the whole question stands under `inputs`, and asked again gives the same bytes."""
    question = ask(blobs, planner)
    answer = run_job("ask", question.model_dump_json(), blobs)
    proposal = ASK_ANSWER.validate_json(answer)
    assert isinstance(proposal, Proposal)
    assert [c.sample for c in proposal.candidates] == ["bowl-0007", "bowl-0008"]
    assert (proposal.number, proposal.planner, proposal.seed) == (3, planner, 5)
    assert run_job("ask", blobs.get(proposal.inputs).decode(), blobs) == answer


def test_an_ask_uses_the_checkpoint_that_it_names(blobs: DirectoryBlobs) -> None:
    """And says so; trained on the same data it proposes what it would have proposed without."""
    question = ask(blobs)
    training = TrainArguments(
        target=TARGET, space=question.space, planner=question.planner, observations=question.observations, seed=5
    )
    model = TrainedModel.model_validate_json(run_job("train", training.model_dump_json(), blobs))
    with_model = question.model_copy(update={"model": model.checkpoint})
    proposal = ASK_ANSWER.validate_json(run_job("ask", with_model.model_dump_json(), blobs))
    without = ASK_ANSWER.validate_json(run_job("ask", question.model_dump_json(), blobs))
    assert isinstance(proposal, Proposal)
    assert isinstance(without, Proposal)
    assert proposal.model == model.checkpoint
    assert proposal.candidates == without.candidates


@pytest.mark.parametrize("planner", ["bayesian", "random"])
def test_training_gives_a_model_that_names_its_data(blobs: DirectoryBlobs, planner: str) -> None:
    """Whatever the order of the observations, to the byte; also for a planner without a model of its own."""
    question = ask(blobs, planner)
    training = TrainArguments(
        target=TARGET, space=question.space, planner=question.planner, observations=question.observations, seed=1
    )
    turned = training.model_copy(update={"observations": training.observations[::-1]})
    answer = run_job("train", training.model_dump_json(), blobs)
    assert run_job("train", turned.model_dump_json(), blobs) == answer
    model = TrainedModel.model_validate_json(answer)
    assert (model.planner, model.n_observations) == (planner, 6)
    assert model.held_out is not None
    fewer = training.model_copy(update={"observations": training.observations[:-1]})
    assert TrainedModel.model_validate_json(run_job("train", fewer.model_dump_json(), blobs)).fingerprint != (
        model.fingerprint
    )


def test_a_pool_that_is_used_up_is_said(blobs: DirectoryBlobs) -> None:
    """Made and refused candidates together."""
    refused = tuple(RefusedCandidate(candidate=candidate(row), refused_by=("line_a",)) for row in POOL[60:])
    question = ask(blobs, made=tuple(map(candidate, POOL[:60])), refused=refused)
    answer = ASK_ANSWER.validate_json(run_job("ask", question.model_dump_json(), blobs))
    assert isinstance(answer, Exhausted)
    assert "every candidate of the pool" in answer.exhausted


def _analyse(blobs: DirectoryBlobs, raw: bytes, kind: str = "transmission_trace") -> AnalyseArguments:
    measurement = Measurement.model_validate(
        {
            "id": "m-1",
            "sample": "bowl-0001",
            "work": "measure-bowl-0001-1",
            "instrument": "tester",
            "kind": kind,
            "raw": blobs.put(raw),
            "documents": "0" * 64,
            "run": "r",
            "taken_at": "2026-01-01T00:00:00Z",
        },
        strict=False,
    )
    made = AsMade(values={"a": 1.0, "b": 0.0, "c": 0.0}, deviations={"a": 0.0, "b": 0.0, "c": 0.0})
    return AnalyseArguments(measurement=measurement, property="loss", unit="1", made=made)


def _trace(reading: float) -> bytes:
    transmission = [0.2 + 0.001 * ((7 * i) % 5) for i in range(20)]
    transmission[4] = reading
    record = {
        "time": [60.0 * i for i in range(20)],
        "transmission": transmission,
        "offset": 0.0,
        "span": 1.0,
        "tau": 300.0,
    }
    return json.dumps(record).encode()


def test_a_good_trace_becomes_an_observation_that_leads_back(blobs: DirectoryBlobs) -> None:
    """To its measurement, raw data and composition."""
    question = _analyse(blobs, _trace(0.2))
    found = ANALYSE_ANSWER.validate_json(run_job("analyse", question.model_dump_json(), blobs))
    assert isinstance(found, Found)
    (answer,) = found.observations
    assert (answer.sample, answer.measurement, answer.raw) == ("bowl-0001", "m-1", question.measurement.raw)
    assert (answer.property, answer.unit, answer.made) == ("loss", "1", question.made)


def test_a_bad_trace_asks_for_another_or_gives_up_with_the_reason(blobs: DirectoryBlobs) -> None:
    """A saturated reading may pass; a record of another kind will not."""
    saturated = run_job("analyse", _analyse(blobs, _trace(1.5)).model_dump_json(), blobs)
    assert isinstance(answer := ANALYSE_ANSWER.validate_json(saturated), Remeasure)
    assert "Reading 4" in answer.remeasure
    for raw, kind in ((b"{}", "transmission_trace"), (_trace(0.2), "x_ray")):
        failed = run_job("analyse", _analyse(blobs, raw, kind).model_dump_json(), blobs)
        assert isinstance(ANALYSE_ANSWER.validate_json(failed), AnalysisFailed)


def test_contradictions_fail_the_job_with_the_reason(blobs: DirectoryBlobs) -> None:
    """Another unit, a missing parameter, an unknown planner or job, a missing checkpoint."""
    foreign = ask(blobs, observations=(observation(1, POOL[0], unit="eV"),))
    with pytest.raises(QuestionError, match="in eV; the target wants it in 1"):
        run_job("ask", foreign.model_dump_json(), blobs)
    with pytest.raises(QuestionError, match="gives x; the space wants a, b, c"):
        run_job("ask", ask(blobs, made=(Candidate(values={"x": 1.0}),)).model_dump_json(), blobs)
    with pytest.raises(SettingsError, match="oracle"):
        run_job("ask", ask(blobs, planner="oracle").model_dump_json(), blobs)
    with pytest.raises(BlobError):
        run_job("ask", ask(blobs, model="f" * 64).model_dump_json(), blobs)
    with pytest.raises(QuestionError, match="known are analyse, ask, read_standard, train"):
        run_job("dream", "{}", blobs)


@pytest.mark.parametrize("pool", [b"[]", b"{}"])
def test_a_pool_without_candidates_fails_the_job(blobs: DirectoryBlobs, pool: bytes) -> None:
    """It is no continuous space."""
    question = ask(blobs, space=SIMPLEX.model_copy(update={"pool": blobs.put(pool)}))
    with pytest.raises(QuestionError, match="no candidates"):
        run_job("ask", question.model_dump_json(), blobs)


def _said(sample: int, name: str, value: float, deviation: float = 0.1, measurement: str = "m-1") -> Observation:
    changes = {"property": name, "value": value, "deviation": deviation, "measurement": measurement}
    return observation(sample, POOL[sample]).model_copy(update=changes)


def _unread(sample: int, name: str) -> Unread:
    made = observation(sample, POOL[sample]).made
    return Unread(sample=f"bowl-{sample:04d}", measurement="m-9", property=name, reason="no edge", made=made)


WITH_GAP = TARGET.model_copy(update={"constraints": (Constraint(property="gap", lower=1.0),)})


def test_observations_of_one_sample_are_learned_together() -> None:
    """Sorted by sample, in whatever order they came; what the target does not name is left out."""
    said = (_said(2, "gap", 1.3), _said(1, "loss", 0.4), _said(2, "loss", 0.5), _said(2, "crystallite", 80.0))
    learned = to_learned(WITH_GAP, SIMPLEX, said, (_unread(1, "gap"),))
    assert to_learned(WITH_GAP, SIMPLEX, said[::-1], (_unread(1, "gap"),)) == learned
    assert learned == (
        Learned("bowl-0001", POOL[1], {"loss": Outcome(0.4, 0.1)}, frozenset({"gap"})),
        Learned("bowl-0002", POOL[2], {"gap": Outcome(1.3, 0.1), "loss": Outcome(0.5, 0.1)}),
    )


def test_several_observations_of_one_property_become_their_weighted_mean() -> None:
    """The more certain one counts more, and together they are more certain than either."""
    said = (_said(1, "loss", 1.0, 0.1, "m-1"), _said(1, "loss", 2.0, 0.2, "m-2"))
    outcome = to_learned(TARGET, SIMPLEX, said)[0].outcomes["loss"]
    assert outcome.value == pytest.approx(1.2)
    assert outcome.deviation == pytest.approx(1 / 125**0.5)


def test_a_property_read_in_the_end_is_not_missing() -> None:
    """A longer scan may read what a short one did not; a sample of which nothing was read is learned from too."""
    learned = to_learned(WITH_GAP, SIMPLEX, (_said(1, "gap", 1.3),), (_unread(1, "gap"), _unread(2, "gap")))
    assert learned[0].missing == frozenset()
    assert (learned[1].outcomes, learned[1].missing) == ({}, {"gap"})


def test_a_proposal_says_what_is_expected_of_every_property(blobs: DirectoryBlobs) -> None:
    """By the constrained planner, of which a parameter is the objective; checkpoint and all."""
    bound = Constraint(property="loss", upper=0.6)
    target = Target(property="share", direction="maximize", parameter="a", constraints=(bound,))
    question = ask(blobs, "constrained", target=target)
    training = TrainArguments(
        target=target, space=question.space, planner=question.planner, observations=question.observations, seed=5
    )
    model = TrainedModel.model_validate_json(run_job("train", training.model_dump_json(), blobs))
    with_model = question.model_copy(update={"model": model.checkpoint})
    proposal = ASK_ANSWER.validate_json(run_job("ask", with_model.model_dump_json(), blobs))
    assert isinstance(proposal, Proposal)
    for proposed in proposal.candidates:
        assert set(proposed.predictions) == {"loss"}
        assert proposed.mean == proposed.candidate.values["a"]
        assert proposed.deviation is None
