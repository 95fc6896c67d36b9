"""One thing that waits for a person."""

from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.records.base import FrozenMap, Identifier, Record

Severity = Literal["note", "warning", "stopped"]


class Trouble(Record):
    """Something fishy that an agent met, with what it knows: the material of a ticket.

    `remedies` are ranked, the best first; `default` is the one taken when nobody answers.
    """

    what: str = Field(max_length=2000)
    severity: Severity = "warning"
    evidence: FrozenMap[str, str] = Field(default_factory=dict)
    remedies: tuple[str, ...] = ()
    default: str = "hold"


class Ticket(Record):
    """A trouble that supervision put before a person, with its deadline (wall time for a real person)."""

    id: Identifier
    subject: str
    raised_by: str
    trouble: Trouble
    deadline: AwareDatetime | None = None
