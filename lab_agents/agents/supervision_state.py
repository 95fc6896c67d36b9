"""What supervision knows: the open campaign, what is left of it, tickets, and who is declared out."""

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from lab_agents.agents.behaviour import AgentState
from lab_agents.agents.drift import Drift
from lab_agents.agents.drills import DrillWatch
from lab_agents.agents.fates import Fate
from lab_agents.agents.grants import Grants
from lab_agents.agents.offers import Offers
from lab_agents.agents.settled import Settled
from lab_agents.agents.stalls import Stalls
from lab_agents.agents.stillness import QUIET_MINUTES, Stillness, still_timer
from lab_agents.agents.stopping_rules import Progress
from lab_agents.agents.tickets import Tickets, ticket_at
from lab_agents.messages.life import Timer
from lab_agents.records.base import FrozenMap, Record
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.quantities import Seconds

DEADLINE = "deadline"
"""Purpose of a timer whose subject is a ticket."""
_QUIET = "quiet_minutes"


class Oversight(Record):
    """The open campaign. `changed` is the entry that led to the phase, `reason` why it closes.

    `is_early` where neither its budget nor its stopping rules close it; `progress` is what those rules look at.
    `rested` is the laboratory time of its pauses that have ended.
    """

    plan: CampaignPlan
    phase: Literal["starting", "running", "closing", "finishing"] = "starting"
    changed: int
    started_at: AwareDatetime | None = None
    reason: str = ""
    is_measured: bool = True
    is_closing_said: bool = False
    is_early: bool = True
    progress: Progress = Progress()
    paused_at: AwareDatetime | None = None
    rested: Seconds = 0.0


class SupervisionState(AgentState):
    """Everything supervision knows.

    `grants` is what campaigns may have made, and have awarded; `settled` counts samples that left `fates` for good;
    `used` counts campaigns by the name they were given; `accepted` is work that has not given its places back;
    `lost` are samples whose place a person must say, with the places where they may be; `drift` is what control films
    say; `versions` counts the amendments of each work; `known` says of each agent at which position it was last
    declared in or out, or started; `stops` and `rearms` are the last ones that stand in the log, by machine;
    `stalls` are the tasks under way, `stillness` when something last moved, and `drills` which passed on which machine.
    """

    lab: Laboratory | None = None
    offers: Offers = Offers()
    grants: Grants = Field(default_factory=dict)
    fates: FrozenMap[str, Fate] = Field(default_factory=dict)
    settled: Settled = Field(default_factory=dict)
    used: FrozenMap[str, int] = Field(default_factory=dict)
    campaign: Oversight | None = None
    accepted: frozenset[str] = frozenset()
    lost: FrozenMap[str, tuple[str, ...]] = Field(default_factory=dict)
    drift: Drift = Drift()
    tickets: Tickets = Tickets()
    versions: FrozenMap[str, int] = Field(default_factory=dict)
    out: frozenset[str] = frozenset()
    known: FrozenMap[str, int] = Field(default_factory=dict)
    stops: FrozenMap[str, tuple[str, ...]] = Field(default_factory=dict)
    rearms: FrozenMap[str, tuple[str, ...]] = Field(default_factory=dict)
    stalls: Stalls = Stalls()
    stillness: Stillness = Stillness()
    drills: DrillWatch = DrillWatch()

    def timers(self) -> tuple[Timer, ...]:
        """The campaign's hours and what lasts too long, in laboratory time; tickets and drills in wall time."""
        deadlines = ((ticket, opened.ticket.deadline) for ticket, opened in self.tickets.open.items())
        waits = (Timer(subject=ticket, purpose=DEADLINE, until=until) for ticket, until in deadlines if until)
        return (*self._hours(), *waits, *self.stalls.timers, *self._still(), *self.drills.timers(self.lab))

    @property
    def quiet_minutes(self) -> float:
        """Minutes of laboratory time after which a standstill is told; 0 never tells."""
        ours = () if self.lab is None else self.lab.agents_of("supervision")
        declared = QUIET_MINUTES if self.lab is None or not ours else self.lab.agents[ours[0]].settings.get(_QUIET)
        return QUIET_MINUTES if declared is None else float(declared)

    def stands_still(self) -> bool:
        """Whether work is open, nothing is under way, and no ticket says why."""
        # That a drill is overdue explains no standstill.
        telling = set(self.tickets.open) - {ticket_at(self.drills.told)}
        if self.campaign is None or telling or self.stalls.running:
            return False
        return bool(self.waiting())

    def waiting(self) -> tuple[str, ...]:
        """Open work of the campaign, in words."""
        name = self.campaign.plan.name if self.campaign is not None else ""
        offers = (f"{o.kind} {w} is offered" for w, o in sorted(self.offers.open.items()) if o.campaign == name)
        return (*(f"{work} is accepted and has not ended" for work in sorted(self.accepted)), *offers)

    def _still(self) -> tuple[Timer, ...]:
        due = self.stillness.due(self.quiet_minutes)
        if self.campaign is None or due is None or not self.stands_still():
            return ()
        return (still_timer(self.campaign.plan.name, due),)

    def _hours(self) -> tuple[Timer, ...]:
        campaign = self.campaign
        if campaign is None or campaign.phase != "running" or campaign.started_at is None or campaign.paused_at:
            return ()
        hours = campaign.plan.budget.hours
        if hours is None:
            return ()
        due = campaign.started_at + timedelta(hours=hours, seconds=campaign.rested)
        return (Timer(subject=campaign.plan.name, purpose="hours", due=due),)

    def left(self) -> tuple[str, ...]:
        """What keeps a closing campaign from being finished, in words."""
        campaign = self.campaign
        if campaign is None:
            return ()
        name = campaign.plan.name
        fates = [f for f in self.fates.values() if f.campaign == name and not f.has_ended]
        return (
            *(f"work {work}" for work in sorted(self.accepted)),
            *(f"offer {work}" for work, offer in sorted(self.offers.open.items()) if offer.campaign == name),
            *(f"sample {fate.sample} is {fate.stage}" for fate in fates),
            *(f"sample {sample} may be at {' or '.join(places)}" for sample, places in sorted(self.lost.items())),
        )

    def waits(self) -> dict[str, str]:
        """What a closing campaign waits for, and which tickets wait for a person."""
        reasons = {ticket: f"waiting for a person: {o.ticket.trouble.what}" for ticket, o in self.tickets.open.items()}
        if self.campaign is not None and self.campaign.phase == "closing":
            reasons[self.campaign.plan.name] = f"closing, waiting for {', '.join(self.left()[:3])}"
        return reasons
