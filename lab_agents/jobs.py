"""What compute workers run: pure functions, JSON in and JSON out, larger data by content address.

Agents build the questions (`lab_agents.records.questions`) without importing what answers them; this module is the one
place where records become numbers for a planner and numbers become records again.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

from lab_agents.analysis.concluded import Conclusions
from lab_agents.analysis.errors import AnalysisError
from lab_agents.analysis.evidence import Evidence
from lab_agents.analysis.kinds import find_analysis
from lab_agents.blobs import Blobs
from lab_agents.records.measurement import Measurement
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.proposal import Prediction, Proposal, ProposedCandidate
from lab_agents.records.questions import (
    AnalyseAnswer,
    AnalyseArguments,
    AnalysisFailed,
    AskAnswer,
    AskArguments,
    Exhausted,
    Found,
    ReadStandardArguments,
    Remeasure,
    StandardReading,
    TrainArguments,
    sample_id,
)
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate, DesignSpace
from lab_agents.records.target import Target
from planners.catalogue import make_planner
from planners.errors import QuestionError
from planners.protocols import Ask, Learned, Outcome, Refused, Retrainer


def run_job(name: str, arguments: str, blobs: Blobs) -> str:
    """Run the job `name` and return its answer as JSON.

    Equal arguments give equal answers, bit for bit, on one machine.

    Args:
        name: One of `lab_agents.records.questions.JobName`.
        arguments: Its arguments record as JSON.
        blobs: Where pools, checkpoints and raw data stand, and where new ones are put.

    Raises:
        LabAgentsError: If the question cannot be answered; the job has failed.
        pydantic.ValidationError: If `arguments` are no such record.
    """
    job = _JOBS.get(name)
    if job is None:
        raise QuestionError(f"There is no job {name!r}; known are {', '.join(sorted(_JOBS))}.")
    return job(arguments, blobs)


def ask(question: AskArguments, blobs: Blobs) -> AskAnswer:
    """Put the question to its planner; the question itself is kept as the proposal's `inputs`."""
    planner = make_planner(question.planner.name, question.planner.settings)
    scored = planner.propose(to_ask(question, blobs))
    if not scored:
        left = "every candidate of the pool was proposed or refused" if question.space.pool else "it proposes nothing"
        return Exhausted(exhausted=f"Planner {planner.name} has nothing left: {left}.")
    candidates = (
        ProposedCandidate(
            sample=sample_id(question.campaign, question.first_sample + i),
            candidate=s.candidate,
            acquisition=s.acquisition,
            mean=s.mean,
            deviation=s.deviation,
            predictions={n: Prediction(mean=o.value, deviation=o.deviation) for n, o in s.predictions.items()},
        )
        for i, s in enumerate(scored)
    )
    return Proposal(
        number=question.number,
        planner=planner.name,
        candidates=tuple(candidates),
        inputs=blobs.put(question.model_dump_json().encode()),
        model=question.model,
        seed=question.seed,
    )


def train(question: TrainArguments, blobs: Blobs) -> TrainedModel:
    """Train the planner's surrogate; a planner without one gets a Gaussian process as a judge of the data."""
    # imported here, because it imports torch (seconds), which asking a planner without a model does not need
    from planners.retraining import Judge, fingerprint

    planner = make_planner(question.planner.name, question.planner.settings)
    learned = to_learned(question.target, question.space, question.observations, question.unread)
    retrainer = planner if isinstance(planner, Retrainer) else Judge()
    checkpoint = retrainer.retrain(
        Ask(
            target=question.target,
            space=question.space,
            observations=learned,
            pending=(),
            made=(),
            refused=(),
            pool=None,
            checkpoint=None,
            n=1,
            initial=question.planner.initial,
            seed=question.seed,
        )
    )
    return TrainedModel(
        planner=planner.name,
        checkpoint=blobs.put(checkpoint.data),
        fingerprint=fingerprint(learned),
        n_observations=len(learned),
        held_out=checkpoint.held_out,
        seed=question.seed,
        version=_version(),
    )


def analyse(question: AnalyseArguments, blobs: Blobs) -> AnalyseAnswer:
    """Conclude from raw data, or say why not and whether another measurement may help."""
    measurement: Measurement = question.measurement
    evidence = Evidence(
        raw=blobs.get(measurement.raw),
        settings=measurement.settings,
        made=question.made,
        wanted=((question.property, question.unit),),
        earlier={role: blobs.get(earlier.raw) for role, earlier in question.earlier.items()},
    )
    try:
        return _found(question, find_analysis(measurement.kind)(evidence))
    except AnalysisError as error:
        reason = f"Measurement {measurement.id}: {error}"
        return Remeasure(remeasure=reason) if error.may_help else AnalysisFailed(failed=reason)


def read_standard(question: ReadStandardArguments, blobs: Blobs) -> StandardReading:
    """Read the wanted numbers of a standard's raw data."""
    from lab_agents.analysis.standards import read_numbers  # imports the diffraction package, which few jobs need

    values, reason = read_numbers(question.measurement.kind, blobs.get(question.measurement.raw), question.wanted)
    return StandardReading(values=values, reason=reason)


def _found(question: AnalyseArguments, conclusions: Conclusions) -> Found:
    """The conclusions as records of their sample, at its composition as made."""
    measurement = question.measurement
    observations = (
        Observation(
            sample=measurement.sample,
            measurement=measurement.id,
            property=c.property,
            value=c.value,
            deviation=c.deviation,
            unit=c.unit,
            made=question.made,
            raw=measurement.raw,
            analysis=c.analysis,
            version=_version(),
        )
        for c in conclusions.values
    )
    unread = (
        Unread(
            sample=measurement.sample,
            measurement=measurement.id,
            property=m.property,
            reason=m.reason,
            made=question.made,
        )
        for m in conclusions.missing
    )
    return Found(observations=tuple(observations), unread=tuple(unread))


def to_ask(question: AskArguments, blobs: Blobs) -> Ask:
    """The planner's question from the record: values in the order of the space's parameters.

    Raises:
        QuestionError: If an observation is in another unit than the target's, or a candidate lacks a parameter.
        BlobError: If the pool or the checkpoint is missing.
    """
    space = question.space
    return Ask(
        target=question.target,
        space=space,
        observations=to_learned(question.target, space, question.observations, question.unread),
        pending=tuple(_row(space, c) for c in question.pending),
        made=tuple(_row(space, c) for c in question.made),
        refused=tuple(Refused(_row(space, r.candidate), r.refused_by) for r in question.refused),
        pool=None if space.pool is None else _pool(blobs.get(space.pool)),
        checkpoint=None if question.model is None else blobs.get(question.model),
        n=question.n,
        initial=question.planner.initial,
        seed=question.seed,
        number=question.number,
    )


def to_learned(
    target: Target, space: DesignSpace, observations: Sequence[Observation], unread: Sequence[Unread] = ()
) -> tuple[Learned, ...]:
    """What planners see of each sample, sorted by sample.

    Properties that the target does not name are left out. Several observations of one property of one sample become
    their mean, weighted by 1/deviation²; one that was read in the end is not missing.

    Raises:
        QuestionError: If one is in another unit than the target's.
    """
    found: dict[str, dict[str, list[Observation]]] = {}
    missing: dict[str, set[str]] = {}
    made: dict[str, AsMade] = {}
    every: tuple[Observation | Unread, ...] = (*observations, *unread)
    for o in every:
        if o.property not in target.units:
            continue
        made[o.sample] = o.made
        if isinstance(o, Observation):
            _check_unit(target, o)
            found.setdefault(o.sample, {}).setdefault(o.property, []).append(o)
        else:
            missing.setdefault(o.sample, set()).add(o.property)
    return tuple(
        Learned(
            sample,
            _values(space, made[sample].values),
            {name: _mean(several) for name, several in sorted(found.get(sample, {}).items())},
            frozenset(missing.get(sample, set()) - set(found.get(sample, {}))),
        )
        for sample in sorted(made)
    )


def _check_unit(target: Target, observation: Observation) -> None:
    if observation.unit != target.units[observation.property]:
        raise QuestionError(
            f"Observation {observation.measurement} is of {observation.property} in {observation.unit}; the target "
            f"wants it in {target.units[observation.property]}. Give the measuring agent the target's unit."
        )


def _mean(several: Sequence[Observation]) -> Outcome:
    if len(several) == 1:  # as it was observed, to the last bit
        return Outcome(several[0].value, several[0].deviation)
    weights = [o.deviation**-2 for o in sorted(several, key=lambda o: o.measurement)]
    values = [o.value for o in sorted(several, key=lambda o: o.measurement)]
    total = math.fsum(weights)
    return Outcome(math.fsum(w * v for w, v in zip(weights, values, strict=True)) / total, total**-0.5)


def _row(space: DesignSpace, candidate: Candidate) -> tuple[float, ...]:
    return _values(space, candidate.values)


def _values(space: DesignSpace, values: Mapping[str, float]) -> tuple[float, ...]:
    names = [p.name for p in space.parameters]
    if set(names) != set(values):
        raise QuestionError(f"A candidate gives {', '.join(sorted(values))}; the space wants {', '.join(names)}.")
    return tuple(values[name] for name in names)


@lru_cache(maxsize=4)
def _pool(data: bytes) -> tuple[tuple[float, ...], ...]:
    """The pool's rows; kept, because every question of a campaign names the same one."""
    rows = json.loads(data)
    if not isinstance(rows, list) or not rows:
        raise QuestionError("The pool holds no candidates.")
    return tuple(tuple(float(value) for value in row) for row in rows)


@lru_cache(maxsize=1)
def _version() -> str:
    return version("lab-agents")


_JOBS: Mapping[str, Callable[[str, Blobs], str]] = MappingProxyType(
    {
        "ask": lambda text, blobs: ask(AskArguments.model_validate_json(text), blobs).model_dump_json(),
        "train": lambda text, blobs: train(TrainArguments.model_validate_json(text), blobs).model_dump_json(),
        "analyse": lambda text, blobs: analyse(AnalyseArguments.model_validate_json(text), blobs).model_dump_json(),
        "read_standard": lambda text, blobs: read_standard(
            ReadStandardArguments.model_validate_json(text), blobs
        ).model_dump_json(),
    }
)
