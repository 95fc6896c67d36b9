"""The analysis agent: each measurement becomes a job, and its conclusion observations.

Whatever a job answers, `MeasurementConcluded` (or a request to measure again) is the last word on a measurement, so
that a sample never waits for an observation that cannot come.
"""

from pydantic import Field

from lab_agents.agents.behaviour import ALL_MATTER, AgentState, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.causes import cause_of
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    MeasurementConcluded,
    ObservationMade,
    RemeasureRequested,
    StandardRead,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, LabChanged, LabOpened, TroubleMet
from lab_agents.messages.work import MeasurementTaken, SampleMade
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Unread
from lab_agents.records.questions import (
    ANALYSE_ANSWER,
    AnalyseArguments,
    Found,
    ReadStandardArguments,
    Remeasure,
    StandardReading,
)
from lab_agents.records.sample import Sample
from lab_agents.records.stock import Standard
from lab_agents.records.target import Target
from lab_agents.records.ticket import Trouble

MOST_MEASUREMENTS = 3
"""A sample that three measurements cannot decide is a person's question; more would hold up the station for nothing."""


class AnalysisState(AgentState):
    """Targets of open campaigns, samples as made until their last conclusion, and jobs by the position of their cause.

    `n_steps` counts the measurements that each open campaign wants of a sample; `taken` are the measurements of each
    sample, in the order in which they were taken; `standards` are the laboratory's by name, and `references` the last
    measurements of each kind of them.
    """

    targets: FrozenMap[str, Target] = Field(default_factory=dict)
    n_steps: FrozenMap[str, int] = Field(default_factory=dict)
    samples: FrozenMap[str, Sample] = Field(default_factory=dict)
    taken: FrozenMap[str, tuple[Measurement, ...]] = Field(default_factory=dict)
    standards: FrozenMap[str, Standard] = Field(default_factory=dict)
    references: FrozenMap[str, Measurement] = Field(default_factory=dict)
    open: tuple[Job, ...] = ()

    def jobs(self) -> tuple[Job, ...]:
        """Measurements that are being analysed."""
        return self.open


class Analysis:
    """The one agent that analyses."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern analysis."""
        kinds = {"CampaignStarted", "CampaignFinished", "SampleMade", "MeasurementTaken"}
        return frozenset(kinds | {"LabOpened", "LabChanged"})

    @property
    def only_told(self) -> OnlyTold:
        """Nothing: it follows no more kinds than it acts on."""
        return ALL_MATTER

    def start(self) -> AnalysisState:
        """Nothing to analyse."""
        return AnalysisState()

    def apply(self, state: AnalysisState, logged: Logged) -> AnalysisState:
        """The state after an entry: a measurement opens a job, its own outcome closes it."""
        body, campaign = logged.entry.record, logged.entry.campaign or ""
        match body:
            case LabOpened() | LabChanged():
                standards = {s.name: s for s in body.laboratory.standards}
                return state.model_copy(update={"standards": standards})
            case CampaignStarted():
                return _begin(state, body.plan)
            case CampaignFinished():
                samples = {s: made for s, made in state.samples.items() if made.campaign != campaign}
                taken = {s: t for s, t in state.taken.items() if s in samples}
                update = {"targets": without_item(state.targets, campaign), "samples": samples, "taken": taken}
                return state.model_copy(update=update | {"n_steps": without_item(state.n_steps, campaign)})
            case SampleMade():
                return state.model_copy(update={"samples": with_item(state.samples, body.sample.id, body.sample)})
            case MeasurementTaken():
                return _open(state, body.measurement, logged)
            case MeasurementConcluded() if logged.seal.source == self.name:
                return _let_go(_closed(state, logged.entry.cause), body, campaign)
            case RemeasureRequested() | StandardRead() if logged.seal.source == self.name:
                return _closed(state, logged.entry.cause)
            case EntryRefused() if body.source == self.name:
                return _closed(state, cause_of(body.refused_id))
            case _:
                return state

    def decide(self, before: AnalysisState, after: AnalysisState, logged: Logged) -> tuple[Draft, ...]:
        """Trouble: of a measurement that belongs to nothing known, and of a conclusion that was refused."""
        body = logged.entry.record
        if isinstance(body, EntryRefused) and body.source == self.name:
            lost = [job for job in before.open if job not in after.open]
            trouble = Trouble(
                what=f"The conclusion was refused: {body.reason}"[:2000], remedies=("seen",), default="seen"
            )
            return tuple(Draft(body=TroubleMet(trouble=trouble), subject=j.subject, campaign=j.campaign) for j in lost)
        if not isinstance(body, MeasurementTaken) or after is not before:
            return ()
        trouble = Trouble(what=f"Measurement {body.measurement.id} is of a sample or campaign that is not open")
        sample = body.measurement.sample
        return (Draft(body=TroubleMet(trouble=trouble), subject=sample, campaign=logged.entry.campaign),)

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """Observations and the last word on the measurement, a request to measure again, or trouble.

        Of a standard, its numbers.
        """
        if job.name == "read_standard":
            return (Draft(body=_reading(job, outcome), subject=job.subject, campaign=job.campaign),)
        question = AnalyseArguments.model_validate_json(job.arguments)
        bodies = _conclusion(question, outcome)
        return tuple(Draft(body=body, subject=job.subject, campaign=job.campaign) for body in bodies)


def _begin(state: AnalysisState, plan: CampaignPlan) -> AnalysisState:
    targets = with_item(state.targets, plan.name, plan.target)
    n_steps = with_item(state.n_steps, plan.name, len(plan.measurements))
    return state.model_copy(update={"targets": targets, "n_steps": n_steps})


def _let_go(state: AnalysisState, body: MeasurementConcluded, campaign: str) -> AnalysisState:
    """Without a sample of which the last measurement was concluded: none will come that leans on it."""
    if body.step + 1 != state.n_steps.get(campaign):
        return state
    update = {"samples": without_item(state.samples, body.sample), "taken": without_item(state.taken, body.sample)}
    return state.model_copy(update=update)


def _reading(job: Job, outcome: JobOutcome) -> StandardRead:
    """The numbers of a standard; none of them where the job failed, which a chart takes for out of control."""
    question = ReadStandardArguments.model_validate_json(job.arguments)
    if outcome.ok:
        answer = StandardReading.model_validate_json(outcome.answer)
    else:
        answer = StandardReading(values=dict.fromkeys(question.wanted), reason=outcome.error)
    taken = question.measurement
    return StandardRead(
        standard=taken.sample,
        measurement=taken.id,
        instrument=taken.instrument,
        values=answer.values,
        reason=answer.reason[:2000],
    )


def _conclusion(question: AnalyseArguments, outcome: JobOutcome) -> tuple[Body, ...]:
    measurement, reason = question.measurement, outcome.error
    if outcome.ok:
        answer = ANALYSE_ANSWER.validate_json(outcome.answer)
        if isinstance(answer, Found):
            seen = tuple(ObservationMade(observation=o) for o in answer.observations)
            return (*seen, _last_word(measurement, len(seen), answer.unread))
        if isinstance(answer, Remeasure):
            if question.attempt < MOST_MEASUREMENTS:
                again = RemeasureRequested(
                    sample=measurement.sample, measurement=measurement.id, reason=answer.remeasure
                )
                return (again,)
            reason = f"{answer.remeasure} (after {MOST_MEASUREMENTS} measurements)"
        else:
            reason = answer.failed
    reason = (reason or "the job ended without a reason")[:2000]
    unread = Unread(
        sample=measurement.sample,
        measurement=measurement.id,
        property=measurement.kind,
        reason=reason,
        made=question.made,
    )
    trouble = Trouble(
        what=f"No value could be concluded from measurement {measurement.id}: {reason}"[:2000],
        evidence={"raw": measurement.raw, "run": measurement.run},
        remedies=("seen",),
        default="seen",
    )
    return (_last_word(measurement, 0, (unread,)), TroubleMet(trouble=trouble))


def _last_word(measurement: Measurement, n_observed: int, unread: tuple[Unread, ...]) -> MeasurementConcluded:
    return MeasurementConcluded(
        sample=measurement.sample,
        measurement=measurement.id,
        step=measurement.step,
        n_observed=n_observed,
        unread=unread,
    )


def _earlier(state: AnalysisState, measurement: Measurement) -> dict[str, Measurement]:
    """What the conclusion may lean on: the same sample in an earlier step, and the standards looked at last."""
    known = state.taken.get(measurement.sample, ())
    before = [m for m in known if m.kind == measurement.kind and m.step < measurement.step]
    references = {role: m for role, m in state.references.items() if m.kind == measurement.kind}
    return references | ({"before": before[-1]} if before else {})


def _open(state: AnalysisState, measurement: Measurement, logged: Logged) -> AnalysisState:
    standard = state.standards.get(measurement.sample)
    if standard is not None:
        return _open_standard(state, standard, measurement, logged)
    sample = state.samples.get(measurement.sample)
    target = state.targets.get(logged.entry.campaign or "")
    if sample is None or target is None:
        return state
    known = state.taken.get(measurement.sample, ())
    arguments = AnalyseArguments(
        measurement=measurement,
        property=target.property,
        unit=target.unit,
        made=sample.made,
        attempt=1 + sum(m.step == measurement.step for m in known),
        earlier=_earlier(state, measurement),
    )
    job = Job(
        id=f"{logged.position}/analyse",
        cause=logged.position,
        kind="compute",
        name="analyse",
        campaign=logged.entry.campaign,
        subject=measurement.sample,
        arguments=arguments.model_dump_json(),
    )
    taken = with_item(state.taken, measurement.sample, (*known, measurement))
    return state.model_copy(update={"open": (*state.open, job), "taken": taken})


def _open_standard(state: AnalysisState, standard: Standard, measurement: Measurement, logged: Logged) -> AnalysisState:
    """Later conclusions lean on it; what its chart wants of it is read."""
    state = state.model_copy(update={"references": with_item(state.references, standard.kind, measurement)})
    if not standard.limits:
        return state
    arguments = ReadStandardArguments(measurement=measurement, wanted=tuple(sorted(standard.limits)))
    job = Job(
        id=f"{logged.position}/read_standard",
        cause=logged.position,
        kind="compute",
        name="read_standard",
        campaign=logged.entry.campaign,
        subject=measurement.sample,
        arguments=arguments.model_dump_json(),
    )
    return state.model_copy(update={"open": (*state.open, job)})


def _closed(state: AnalysisState, cause: int | None) -> AnalysisState:
    return state.model_copy(update={"open": tuple(job for job in state.open if job.cause != cause)})
