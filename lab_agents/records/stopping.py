"""When a campaign has done enough: rules that end it before its budget is spent."""

from pydantic import Field, model_validator

from lab_agents.records.base import Record


class TargetMet(Record):
    """Enough samples meet the target.

    A sample counts when its conclusions state every constraint, and the objective at `objective` or better (None: any
    value), with a joint probability of at least `confidence` (None: the target's own).
    """

    samples: int = Field(default=1, ge=1, le=100_000)
    objective: float | None = None
    confidence: float | None = Field(default=None, gt=0, lt=1)


class GainTooSmall(Record):
    """Going on would bring too little.

    The expected gain over the best so far, of the best candidate of each of `proposals` proposals in a row, is `below`
    (in the target's unit), or is worth less than a sample has cost so far, where one unit of the target is `worth` so
    much money. Proposals without predictions (space-filling ones) and campaigns that have nothing yet go on.
    """

    below: float | None = Field(default=None, gt=0)
    worth: float | None = Field(default=None, gt=0)
    proposals: int = Field(default=3, ge=1, le=1000)

    @model_validator(mode="after")
    def _check_measure(self) -> "GainTooSmall":
        if (self.below is None) == (self.worth is None):
            raise ValueError("a gain is too small `below` a value, or where it is `worth` less than it costs; give one")
        return self


class StoppingRules(Record):
    """What ends a campaign before its budget: whichever comes first."""

    target_met: TargetMet | None = None
    gain: GainTooSmall | None = None
