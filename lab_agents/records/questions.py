"""What agents ask of the compute workers, and what they are answered.

Agents build these records without importing a planner; `lab_agents.jobs` reads them in a worker process. A question
names all that its answer depends on, so equal questions get equal answers and a repeat costs nothing. Every tuple is
sent in an order that derives from the log (observations by sample), never in order of arrival.
"""

from typing import Literal

from pydantic import Field, TypeAdapter, model_validator

from lab_agents.records.base import FrozenMap, Identifier, Name, Record, Sha256
from lab_agents.records.campaign import PlannerChoice
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.proposal import Proposal
from lab_agents.records.sample import AsMade
from lab_agents.records.space import Candidate, DesignSpace
from lab_agents.records.target import Target

JobName = Literal["ask", "train", "analyse", "read_standard"]
"""Names that `lab_agents.jobs.run_job` knows."""


class RefusedCandidate(Record):
    """A candidate that every able bidder refused as infeasible, or a person denied: who, and why."""

    candidate: Candidate
    refused_by: tuple[str, ...] = Field(min_length=1)
    reasons: tuple[str, ...] = ()


class AskArguments(Record):
    """The job `ask`: which candidates next? Answered by a `Proposal` or `Exhausted`.

    `pending` are candidates whose outcome is still to come (offered, in the making, made and not yet observed), `made`
    all candidates ever proposed in this campaign, whatever became of them; they are not proposed again where a pool is
    given. `model` is the checkpoint of the last `TrainedModel`. The samples are numbered from `first_sample`.
    """

    campaign: Name
    number: int = Field(ge=1)
    target: Target
    space: DesignSpace
    planner: PlannerChoice
    observations: tuple[Observation, ...] = ()
    unread: tuple[Unread, ...] = ()
    pending: tuple[Candidate, ...] = ()
    made: tuple[Candidate, ...] = ()
    refused: tuple[RefusedCandidate, ...] = ()
    n: int = Field(ge=1)
    first_sample: int = Field(ge=1)
    seed: int = Field(ge=0)
    model: Sha256 | None = None


class Exhausted(Record):
    """The planner has nothing left to propose, and why."""

    exhausted: str = Field(min_length=1)


class TrainArguments(Record):
    """The job `train`: learn from these observations. Answered by a `TrainedModel`."""

    target: Target
    space: DesignSpace
    planner: PlannerChoice
    observations: tuple[Observation, ...] = Field(min_length=1)
    unread: tuple[Unread, ...] = ()
    seed: int = Field(ge=0)


class AnalyseArguments(Record):
    """The job `analyse`: conclude from raw data. Answered by `Found`, `Remeasure` or `AnalysisFailed`.

    `property` and `unit` are what the target wants; `made` is the composition of the measured sample; `attempt` counts
    the measurements of this step. `earlier` are
    measurements of the same sample or batch that the conclusion may lean on, by their role: `before` (the same kind,
    taken in an earlier step), `blank` and `silicon` (the last ones taken).
    """

    measurement: Measurement
    property: Name
    unit: str
    made: AsMade
    attempt: int = Field(default=1, ge=1)
    earlier: FrozenMap[Name, Measurement] = Field(default_factory=dict)


class Found(Record):
    """All that a measurement says: values, and properties that it does not give."""

    observations: tuple[Observation, ...] = ()
    unread: tuple[Unread, ...] = ()

    @model_validator(mode="after")
    def _check_anything(self) -> "Found":
        if not self.observations and not self.unread:
            raise ValueError("a conclusion holds at least one value, or one property that could not be read")
        return self


class Remeasure(Record):
    """The raw data say too little, and another measurement of the same sample may say more."""

    remeasure: str = Field(min_length=1)


class AnalysisFailed(Record):
    """No value can be concluded, and another measurement would not help."""

    failed: str = Field(min_length=1)


class ReadStandardArguments(Record):
    """The job `read_standard`: what a measurement of a standard says of its instrument. `wanted` are names of numbers.

    Answered by a `StandardReading`.
    """

    measurement: Measurement
    wanted: tuple[Name, ...] = Field(min_length=1)


class StandardReading(Record):
    """The numbers that were wanted of a standard; None where the raw data do not give one, and then `reason` why."""

    values: FrozenMap[Name, float | None]
    reason: str = ""


AskAnswer = Proposal | Exhausted
AnalyseAnswer = Found | Remeasure | AnalysisFailed

ASK_ANSWER: TypeAdapter[AskAnswer] = TypeAdapter(AskAnswer)
"""Reads the answer to an `ask`: `ASK_ANSWER.validate_json(outcome.answer)`."""

ANALYSE_ANSWER: TypeAdapter[AnalyseAnswer] = TypeAdapter(AnalyseAnswer)
"""Reads the answer to an `analyse`."""


def sample_id(campaign: str, number: int) -> Identifier:
    """The id of a campaign's sample: `<campaign>-0001` and so on."""
    return f"{campaign}-{number:04d}"
