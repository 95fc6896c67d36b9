"""A trained surrogate, as data."""

from pydantic import Field

from lab_agents.records.base import Record, Sha256


class TrainedModel(Record):
    """A checkpoint with the fingerprint of the observations it learned from.

    `held_out` is the mean log predictive density of each observation under a model trained without it (in the
    target's unit; None while there are too few). `fingerprint` is `planners.retraining.fingerprint` of the
    observations.
    """

    planner: str
    checkpoint: Sha256
    fingerprint: Sha256
    n_observations: int = Field(ge=0)
    held_out: float | None
    seed: int
    version: str
