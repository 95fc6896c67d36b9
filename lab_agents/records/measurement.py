"""What an instrument recorded: raw, with settings."""

from pydantic import AwareDatetime, Field

from lab_agents.records.base import FrozenMap, Identifier, Name, Record, Sha256
from lab_agents.records.recipe import Argument


class Measurement(Record):
    """Raw data of one sample, in a blob, with the settings it was taken with and the run that took it.

    `kind` names the analysis that understands the blob (`transmission_trace`); `step` is the place of this measurement
    in the campaign's order, from 0. `documents` is the blob of the run's
    Bluesky documents (JSON lines).
    """

    id: Identifier
    sample: Identifier
    work: Identifier
    instrument: Name
    kind: Name
    step: int = Field(default=0, ge=0)
    raw: Sha256
    documents: Sha256
    run: str
    settings: FrozenMap[str, Argument] = Field(default_factory=dict)
    taken_at: AwareDatetime
