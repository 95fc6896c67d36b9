"""A laboratory in which work waits and nothing moves: supervision's last look, when no other ticket tells why.

As long as an entry says that something goes on, nothing is asked. `QUIET` of laboratory time after the last of them,
with work open, no task under way, no ticket open and no pause, one ticket says what waits and for what; it ends by
itself when something moves again. A lab's setting `quiet_minutes` of the supervision agent overrides it.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from lab_agents.messages.course import CampaignPaused, CampaignResumed, CampaignStarted
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import Timer
from lab_agents.records.base import Record
from lab_agents.records.ticket import Trouble

MOVES = frozenset(
    {
        "CampaignStarted",
        "CampaignResumed",
        "CampaignClosing",
        "ProposalMade",
        "WorkAwarded",
        "AwardAccepted",
        "AwardDeclined",
        "GiveApproval",
        "ReservationRequested",
        "ReservationMade",
        "ReservationRefused",
        "ReservationReleased",
        "TaskStarted",
        "TaskDone",
        "TaskFailed",
        "SampleMade",
        "SampleMoved",
        "SampleQuarantined",
        "MeasurementTaken",
        "MeasurementConcluded",
        "ObservationMade",
        "RemeasureRequested",
        "ModelTrained",
        "AgentDeclaredIn",
        "Rearmed",
    }
)
"""Kinds of entries after which somebody has something to do."""
STILL_KINDS = frozenset(
    {"ReservationMade", "CampaignPaused", "CampaignResumed", "TaskStarted", "TaskDone", "TaskFailed"}
)
"""What supervision follows for this alone."""
STILL = "still"
"""Purpose of the timer whose subject is the campaign."""
QUIET_MINUTES = 30.0
"""Twice the longest backoff of a shipped recipe (15 minutes), so that a step that will be tried again is no standstill
(assumption)."""
LISTED = 20
"""Waiting things named in a ticket: a person reads no more."""


class Stillness(Record):
    """When something last moved, whether the campaign is paused, and where the standstill since then was told, or 0."""

    moved_at: AwareDatetime | None = None
    is_paused: bool = False
    told: int = 0

    def due(self, minutes: float) -> AwareDatetime | None:
        """When it has been still for too long; None while that means nothing, or is told already."""
        if self.moved_at is None or self.is_paused or self.told or minutes <= 0:
            return None
        return self.moved_at + timedelta(minutes=minutes)


def follow_stillness(still: Stillness, logged: Logged) -> Stillness:
    """What is known of the last movement after an entry."""
    body = logged.entry.record
    if isinstance(body, CampaignPaused):
        return still.model_copy(update={"is_paused": True})
    if logged.entry.kind not in MOVES:
        return still
    is_paused = still.is_paused and not isinstance(body, CampaignStarted | CampaignResumed)
    return Stillness(moved_at=logged.entry.at, is_paused=is_paused)


def still_timer(campaign: str, due: datetime) -> Timer:
    """The wake-up that a standstill wants."""
    return Timer(subject=campaign, purpose=STILL, due=due)


def still_trouble(campaign: str, minutes: float, waiting: tuple[str, ...]) -> Trouble:
    """What to tell of a laboratory that stands still although work is open."""
    return Trouble(
        what=f"{campaign}: nothing has moved for {minutes:g} minutes of laboratory time although work is waiting",
        evidence={"waiting": "; ".join(waiting[:LISTED]), "count": str(len(waiting))},
        remedies=("seen", "close the campaign"),
        default="seen",
    )
