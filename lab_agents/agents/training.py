"""The training agent: each sample that was observed, or an observation's retraction, leads to a new model.

It is trained on all observations that stand up to that entry. A sample counts as observed when the last measurement
that its campaign wants was concluded, so that a model never learns half of a sample.
"""

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Draft, Job, JobOutcome, OnlyTold
from lab_agents.agents.causes import cause_of, keyed_seed
from lab_agents.agents.knowledge import KNOWLEDGE_KINDS, Knowledge, fill_in, follow_knowledge
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    MeasurementConcluded,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
)
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.model import TrainedModel
from lab_agents.records.questions import TrainArguments
from lab_agents.records.ticket import Trouble

REFIT = "refit"
"""Ends the ids of trainings that a retraction asks for."""


class TrainingState(AgentState):
    """Plans of open campaigns, what was learned in each, and trainings still to be done, in order."""

    plans: FrozenMap[str, CampaignPlan] = Field(default_factory=dict)
    knowledge: FrozenMap[str, Knowledge] = Field(default_factory=dict)
    open: tuple[Job, ...] = ()

    def jobs(self) -> tuple[Job, ...]:
        """The training that is next: one at a time, so that models come in the order of their observations."""
        return self.open[:1]


class Training:
    """The one agent that trains."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern training."""
        return frozenset({"CampaignStarted", "CampaignFinished"}) | KNOWLEDGE_KINDS

    @property
    def only_told(self) -> OnlyTold:
        """Single observations: a model is trained when the measurement is concluded."""
        return OnlyTold(frozenset({"ObservationMade"}))

    def start(self) -> TrainingState:
        """Nothing learned."""
        return TrainingState()

    def apply(self, state: TrainingState, logged: Logged) -> TrainingState:
        """The state after an entry: an observation opens a job, the model that comes back closes it."""
        body, campaign = logged.entry.record, logged.entry.campaign or ""
        match body:
            case CampaignStarted():
                return state.model_copy(update={"plans": with_item(state.plans, body.plan.name, body.plan)})
            case CampaignFinished():
                return state.model_copy(
                    update={
                        "plans": without_item(state.plans, campaign),
                        "knowledge": without_item(state.knowledge, campaign),
                    }
                )
            case ObservationMade() | MeasurementConcluded() | ObservationRetracted():
                return _learn(state, logged)
            case ModelTrained() | TroubleMet() if logged.seal.source == self.name:
                return _closed(state, logged.entry.cause)
            case EntryRefused() if body.source == self.name:
                return _closed(state, cause_of(body.refused_id))
            case _:
                return state

    def decide(self, before: TrainingState, after: TrainingState, logged: Logged) -> tuple[Draft, ...]:
        """Trouble where a model was refused; all else that training says is a job's outcome."""
        body = logged.entry.record
        if not isinstance(body, EntryRefused) or body.source != self.name:
            return ()
        lost = [job for job in before.open if job not in after.open]
        trouble = Trouble(what=f"The model was refused: {body.reason}"[:2000], remedies=("seen",), default="seen")
        return tuple(Draft(body=TroubleMet(trouble=trouble), subject=j.subject, campaign=j.campaign) for j in lost)

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        """The model, or the trouble of training it; its subject is the sample whose observation was new."""
        if outcome.ok:
            model = TrainedModel.model_validate_json(outcome.answer)
            return (Draft(body=ModelTrained(model=model), subject=job.subject, campaign=job.campaign),)
        trouble = Trouble(
            what=f"Training on the observation of {job.subject} failed: {outcome.error}"[:2000],
            remedies=("seen",),
            default="seen",
        )
        return (Draft(body=TroubleMet(trouble=trouble), subject=job.subject, campaign=job.campaign),)


def _learn(state: TrainingState, logged: Logged) -> TrainingState:
    campaign, body = logged.entry.campaign or "", logged.entry.record
    plan = state.plans.get(campaign)
    if plan is None:
        return state
    known = follow_knowledge(state.knowledge.get(campaign, Knowledge()), body)
    state = state.model_copy(update={"knowledge": with_item(state.knowledge, campaign, known)})
    sample = _learned_of(plan, known, body)
    if sample is None or not known.observations:
        return state
    # Not validated, since what it learns from is filled in as text.
    question = TrainArguments.model_construct(
        target=plan.target,
        space=plan.space,
        planner=plan.planner,
        observations=(),
        unread=(),
        seed=keyed_seed(plan.seed, campaign, "train", sample),
    )
    is_refit = isinstance(body, ObservationRetracted)
    job = Job(
        id=f"{logged.position}/{REFIT if is_refit else 'train'}",
        cause=logged.position,
        kind="compute",
        name="train",
        campaign=campaign,
        subject=sample,
        arguments=fill_in(question, known.lists()),
    )
    # Drift retracts many observations in a row: a fit that has not begun is not worth beginning when the next one
    # comes, since that knows all that it would have known.
    begun, waiting = state.open[:1], state.open[1:]
    waiting = tuple(one for one in waiting if not (is_refit and one.id.endswith(f"/{REFIT}")))
    return state.model_copy(update={"open": (*begun, *waiting, job)})


def _learned_of(plan: CampaignPlan, known: Knowledge, body: Body) -> str | None:
    """The sample that this entry completes or takes back."""
    if isinstance(body, ObservationRetracted):
        return body.sample
    if not isinstance(body, MeasurementConcluded) or body.step + 1 < len(plan.measurements):
        return None
    return body.sample if known.has_observed(body.sample) else None


def _closed(state: TrainingState, cause: int | None) -> TrainingState:
    return state.model_copy(update={"open": tuple(job for job in state.open if job.cause != cause)})
