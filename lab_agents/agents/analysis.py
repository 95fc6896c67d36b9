"""The analysis agent: each measurement becomes a job, and its conclusion an observation."""

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of
from lab_agents.messages.course import CampaignFinished, CampaignStarted, ObservationMade, RemeasureRequested
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.messages.work import MeasurementTaken, SampleMade
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation
from lab_agents.records.questions import ANALYSE_ANSWER, AnalyseArguments, Remeasure
from lab_agents.records.sample import Sample
from lab_agents.records.target import Target
from lab_agents.records.ticket import Trouble

MOST_MEASUREMENTS = 3
"""A sample that three measurements cannot decide is a person's question; more would hold up the station for nothing."""


class AnalysisState(AgentState):
    """Targets of open campaigns, samples as made until their campaign ends, and jobs by the position of their cause."""

    targets: FrozenMap[str, Target] = Field(default_factory=dict)
    samples: FrozenMap[str, Sample] = Field(default_factory=dict)
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
        return frozenset({"CampaignStarted", "CampaignFinished", "SampleMade", "MeasurementTaken"})

    def start(self) -> AnalysisState:
        """Nothing to analyse."""
        return AnalysisState()

    def apply(self, state: AnalysisState, logged: Logged) -> AnalysisState:
        """The state after an entry: a measurement opens a job, its own outcome closes it."""
        body, campaign = logged.entry.record, logged.entry.campaign or ""
        match body:
            case CampaignStarted():
                return state.model_copy(update={"targets": with_item(state.targets, body.plan.name, body.plan.target)})
            case CampaignFinished():
                samples = {s: made for s, made in state.samples.items() if made.campaign != campaign}
                return state.model_copy(update={"targets": without_item(state.targets, campaign), "samples": samples})
            case SampleMade():
                return state.model_copy(update={"samples": with_item(state.samples, body.sample.id, body.sample)})
            case MeasurementTaken():
                return _open(state, body.measurement, logged)
            case ObservationMade() | RemeasureRequested() | TroubleMet() if logged.seal.source == self.name:
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
        """An observation, a request to measure again, or trouble."""
        measurement = AnalyseArguments.model_validate_json(job.arguments).measurement
        return (Draft(body=_conclusion(measurement, outcome), subject=job.subject, campaign=job.campaign),)


def _conclusion(measurement: Measurement, outcome: JobOutcome) -> Body:
    reason = outcome.error
    if outcome.ok:
        answer = ANALYSE_ANSWER.validate_json(outcome.answer)
        if isinstance(answer, Observation):
            return ObservationMade(observation=answer)
        if isinstance(answer, Remeasure):
            if _number(measurement) < MOST_MEASUREMENTS:
                return RemeasureRequested(
                    sample=measurement.sample, measurement=measurement.id, reason=answer.remeasure
                )
            reason = f"{answer.remeasure} (after {MOST_MEASUREMENTS} measurements)"
        else:
            reason = answer.failed
    return TroubleMet(
        trouble=Trouble(
            what=f"No value could be concluded from measurement {measurement.id}: {reason}"[:2000],
            evidence={"raw": measurement.raw, "run": measurement.run},
            remedies=("seen",),
            default="seen",
        )
    )


def _number(measurement: Measurement) -> int:
    last = measurement.work.rsplit("-", 1)[-1]
    return int(last) if last.isdigit() else 1


def _open(state: AnalysisState, measurement: Measurement, logged: Logged) -> AnalysisState:
    sample = state.samples.get(measurement.sample)
    target = state.targets.get(logged.entry.campaign or "")
    if sample is None or target is None:
        return state
    arguments = AnalyseArguments(measurement=measurement, property=target.property, unit=target.unit, made=sample.made)
    job = Job(
        id=f"{logged.position}/analyse",
        cause=logged.position,
        kind="compute",
        name="analyse",
        campaign=logged.entry.campaign,
        subject=measurement.sample,
        arguments=arguments.model_dump_json(),
    )
    return state.model_copy(update={"open": (*state.open, job)})


def _closed(state: AnalysisState, cause: int | None) -> AnalysisState:
    return state.model_copy(update={"open": tuple(job for job in state.open if job.cause != cause)})
