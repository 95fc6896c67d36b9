"""Candidates chosen together."""

from pydantic import Field

from lab_agents.records.base import FrozenMap, Identifier, Record, Sha256
from lab_agents.records.space import Candidate


class Prediction(Record):
    """What a property is expected to be, with one standard deviation, in the unit that the target gives it."""

    mean: float
    deviation: float = Field(ge=0)


class ProposedCandidate(Record):
    """A candidate, the number of the sample it would become, and what the planner expects of it.

    `mean` and `deviation` are the model's prediction in the target's unit; space-filling points have none. So have
    `predictions`, of each property that the sample will be measured for, where the planner models several.
    """

    sample: Identifier
    candidate: Candidate
    acquisition: float | None = None
    mean: float | None = None
    deviation: float | None = Field(default=None, ge=0)
    predictions: FrozenMap[str, Prediction] = Field(default_factory=dict)


class Proposal(Record):
    """A batch of candidates chosen together.

    `number` counts the campaign's proposals from 1. `inputs` is the blob that holds the whole question the planner
    was asked, so that the ask can be computed again; `model` is the checkpoint it used.
    """

    number: int = Field(ge=1)
    planner: str
    candidates: tuple[ProposedCandidate, ...] = Field(min_length=1)
    inputs: Sha256
    model: Sha256 | None = None
    seed: int
    notes: FrozenMap[str, str] = Field(default_factory=dict)
