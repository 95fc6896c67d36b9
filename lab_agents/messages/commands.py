"""What a person asks for. Every call of the command line publishes these from its own source."""

from pydantic import Field

from lab_agents.messages.entry import Body, kind
from lab_agents.records.amendment import Amendment
from lab_agents.records.base import Identifier
from lab_agents.records.campaign import CampaignPlan


@kind("person")
class StartCampaign(Body):
    """Start a campaign."""

    plan: CampaignPlan
    person: str


@kind("person")
class AbortCampaign(Body):
    """End a campaign early: nothing new, accepted work runs to its outcome, samples go to the rack."""

    person: str
    reason: str = Field(min_length=1)


@kind("person")
class PauseCampaign(Body):
    """Propose, award and begin nothing until resumed; `at_once` also holds what may wait only for a short time."""

    person: str
    reason: str = ""
    at_once: bool = False


@kind("person")
class ResumeCampaign(Body):
    """Go on after a pause."""

    person: str


@kind("person")
class GiveApproval(Body):
    """Let an award that waits for an approval bind."""

    work: Identifier
    round: int
    person: str
    note: str = ""


@kind("person")
class DenyApproval(Body):
    """Withdraw an award that waits for an approval: the work is not offered again, and the planner is told why."""

    work: Identifier
    round: int
    person: str
    reason: str = Field(min_length=1)


@kind("person")
class AmendWork(Body):
    """Change work that is under way, or take back the change with the version `reverts`: one of the two."""

    work: Identifier
    amendment: Amendment | None = None
    reverts: int | None = Field(default=None, ge=1)
    person: str
    reason: str = Field(min_length=1)


@kind("person")
class RetractObservation(Body):
    """Let nothing that was concluded from a measurement count any longer."""

    measurement: Identifier
    person: str
    reason: str = Field(min_length=1)


@kind("person")
class AnswerTicket(Body):
    """Answer a ticket with one of its remedies; for an unknown actuation `done`, `not done` or `discard`.

    `count` goes with `loaded`: how many are in the tray, or µL in the bottle, counted after it was loaded.
    """

    ticket: Identifier
    answer: str
    person: str
    note: str = ""
    count: float | None = Field(default=None, ge=0)


@kind("person")
class EntryVoided(Body):
    """Let every follower pass over the entry at `position`, because no handler can take it."""

    position: int
    person: str
    reason: str = Field(min_length=1)
