"""What analysis concluded: a value with its uncertainty; what planners learn from."""

from pydantic import Field

from lab_agents.records.base import Identifier, Name, Record, Sha256
from lab_agents.records.sample import AsMade


class Observation(Record):
    """A property of one sample, with one standard deviation, at the composition as made.

    An observation without an uncertainty does not exist. `analysis` and `version` say what concluded it.
    """

    sample: Identifier
    measurement: Identifier
    property: Name
    value: float
    deviation: float = Field(gt=0)
    unit: str
    made: AsMade
    raw: Sha256
    analysis: Name
    version: str


class Unread(Record):
    """A property that could not be concluded from a measurement, and why: missing, never a number."""

    sample: Identifier
    measurement: Identifier
    property: Name
    reason: str = Field(min_length=1, max_length=2000)
    made: AsMade
