"""Entries that any agent publishes, and those of the recorder."""

from pydantic import AwareDatetime, Field

from lab_agents.messages.entry import Body, kind
from lab_agents.records.base import Name, Record, Sha256
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.ticket import Trouble


@kind("agent")
class AgentStarted(Body):
    """A process of this agent was born; `rebuilt` says that its journal was lost and its state made anew."""

    agent: Name
    epoch: int
    version: str
    rebuilt: bool = False


@kind("agent")
class TimerRang(Body):
    """A timer of the agent came due; `due` is the laboratory instant, or None for a wait in wall time."""

    purpose: str
    due: AwareDatetime | None


@kind("agent")
class TroubleMet(Body):
    """An agent met something that a person should know; supervision makes the ticket, and with `closes` the end.

    `closes` is for what a recipe declares to be a reason to end the campaign.
    """

    trouble: Trouble
    position: int | None = None
    closes: bool = False


@kind("recorder")
class LabOpened(Body):
    """The first entry: the laboratory as declared, its file as a blob, the software that opened it."""

    laboratory: Laboratory
    file: Sha256
    version: str


@kind("recorder")
class LabChanged(Body):
    """The lab file or the software changed between two starts."""

    laboratory: Laboratory
    file: Sha256
    version: str


@kind("recorder")
class EntryRefused(Body):
    """A frame that could not be appended as it was: it has used up its sequence and will not be sent again."""

    source: str
    sequence: int
    reason: str = Field(max_length=4000)
    raw: Sha256
    refused_id: str | None = None


class Timer(Record):
    """A wake-up that an agent's state wants.

    `due` is laboratory time. With `wall` it is instead a wait in wall seconds from the moment the entry at `since` was
    handled; such a timer never moves the simulated clock and its id derives from `since`. With `until` it is an instant
    of wall time, which stays the same however often the process is started again.
    """

    subject: str
    purpose: str
    due: AwareDatetime | None = None
    wall: float | None = None
    since: int | None = None
    until: AwareDatetime | None = None
