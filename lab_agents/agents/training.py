"""The training agent: each observation, or its retraction, leads to a model trained on all that stand up to it."""

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Draft, Job, JobOutcome
from lab_agents.agents.causes import cause_of, keyed_seed
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    ModelTrained,
    ObservationMade,
    ObservationRetracted,
)
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import EntryRefused, TroubleMet
from lab_agents.records.base import FrozenMap, with_item, without_item
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.model import TrainedModel
from lab_agents.records.observation import Observation
from lab_agents.records.questions import TrainArguments
from lab_agents.records.ticket import Trouble


class TrainingState(AgentState):
    """Plans and observations of open campaigns (by sample), and trainings still to be done, in order."""

    plans: FrozenMap[str, CampaignPlan] = Field(default_factory=dict)
    observations: FrozenMap[str, FrozenMap[str, Observation]] = Field(default_factory=dict)
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
        return frozenset({"CampaignStarted", "CampaignFinished", "ObservationMade", "ObservationRetracted"})

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
                        "observations": without_item(state.observations, campaign),
                    }
                )
            case ObservationMade():
                known = with_item(state.observations.get(campaign, {}), body.observation.sample, body.observation)
                return _learn(state, known, logged, body.observation.sample)
            case ObservationRetracted():
                known = without_item(state.observations.get(campaign, {}), body.sample)
                return _learn(state, known, logged, body.sample)
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


def _learn(state: TrainingState, known: FrozenMap[str, Observation], logged: Logged, sample: str) -> TrainingState:
    campaign = logged.entry.campaign or ""
    plan = state.plans.get(campaign)
    if plan is None:
        return state
    state = state.model_copy(update={"observations": with_item(state.observations, campaign, known)})
    if not known:
        return state
    arguments = TrainArguments(
        target=plan.target,
        space=plan.space,
        planner=plan.planner,
        observations=tuple(known[s] for s in sorted(known)),
        seed=keyed_seed(plan.seed, campaign, "train", sample),
    )
    job = Job(
        id=f"{logged.position}/train",
        cause=logged.position,
        kind="compute",
        name="train",
        campaign=campaign,
        subject=sample,
        arguments=arguments.model_dump_json(),
    )
    return state.model_copy(update={"open": (*state.open, job)})


def _closed(state: TrainingState, cause: int | None) -> TrainingState:
    return state.model_copy(update={"open": tuple(job for job in state.open if job.cause != cause)})
