"""A physical thing with identity, place and history."""

from typing import Literal

from pydantic import AwareDatetime

from lab_agents.records.base import FrozenMap, Identifier, Name, Record
from lab_agents.records.quantities import Deviation
from lab_agents.records.space import Candidate


class AsMade(Record):
    """What was actually made, in the design space's parameters, as the instruments reported it."""

    values: FrozenMap[str, float]
    deviations: FrozenMap[str, Deviation]


class Sample(Record):
    """A film, powder or coupon. `place` is None where it is not known; `kind` tells controls from candidates."""

    id: Identifier
    campaign: str
    work: Identifier
    kind: Literal["candidate", "blank", "standard", "control"] = "candidate"
    asked: Candidate
    made: AsMade
    made_by: Name
    made_at: AwareDatetime
    place: Name | None
