"""What a line or station knows, all of it from the log."""

from collections.abc import Container, Mapping
from datetime import datetime
from typing import Self

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Job
from lab_agents.agents.bookings import Booking
from lab_agents.agents.courses import Course, collect_timers
from lab_agents.agents.grants import Grants
from lab_agents.agents.learning import Experience
from lab_agents.agents.means import AllMeans, find_unpaid
from lab_agents.agents.offers import Offer, Offers
from lab_agents.agents.pauses import Pauses
from lab_agents.agents.pledges import Pledges
from lab_agents.agents.supplies import Supply, counting_jobs, waits_for_loads
from lab_agents.agents.withholding import PAUSED, find_wait, find_withheld
from lab_agents.messages.life import Timer
from lab_agents.messages.work import ConsumableLoaded, ConsumableUsed, RefusalCode
from lab_agents.records.base import FrozenMap, Name, Record, with_item
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.place import Consumable
from lab_agents.records.recipe import Argument, Recipe
from lab_agents.records.stock import Stock


class Prepared(Record):
    """How a bidder would do a piece of work, what it would draw, what it is worth; `choice` says why this way."""

    recipe: Recipe
    stock: FrozenMap[str, float] = Field(default_factory=dict)
    worth: float = 1.0
    choice: str = ""


class Refusal(Record):
    """Why it would not."""

    code: RefusalCode
    reason: str


class BidderState(AgentState):
    """Everything a bidder knows: offers, grants, taken work, courses under way, stock and who draws it, experience."""

    lab: Laboratory | None = None
    offers: Offers = Offers()
    grants: Grants = Field(default_factory=dict)
    means: AllMeans = Field(default_factory=dict)
    bookings: FrozenMap[str, Booking] = Field(default_factory=dict)
    courses: FrozenMap[str, Course] = Field(default_factory=dict)
    pauses: Pauses = Field(default_factory=dict)
    stock: FrozenMap[str, float] = Field(default_factory=dict)
    pledges: Pledges = Field(default_factory=dict)
    experience: Experience = Experience()
    supplies: FrozenMap[Name, Supply] = Field(default_factory=dict)
    counted: FrozenMap[str, int] = Field(default_factory=dict)

    def but(self, **changes: object) -> Self:
        """A copy with these fields changed."""
        return self.model_copy(update=changes)

    def settings(self, agent: str) -> Mapping[str, Argument]:
        """The settings that the laboratory declares for an agent."""
        return {} if self.lab is None or agent not in self.lab.agents else self.lab.agents[agent].settings

    def jobs(self) -> tuple[Job, ...]:
        """The motions of own steps that have begun, and counts of what was loaded."""
        moving = tuple(c.job for c in self.courses.values() if c.job is not None)
        return (*moving, *counting_jobs(self.supplies))

    def withheld(self, job: Job, act: int) -> str:
        """Why a pause keeps an own motion from an act."""
        return find_withheld(self.courses, self.pauses, self.lab, job, act)

    def timers(self) -> tuple[Timer, ...]:
        """Own steps that come too late, or are tried again."""
        return collect_timers(self.courses)

    def works(self) -> Container[str]:
        """Work of which it follows the course."""
        return self.courses

    def waits(self) -> dict[str, str]:
        """Why accepted work does not move."""
        reasons = {}
        for work, booking in self.bookings.items():
            course = self.courses.get(work)
            if booking.offer.campaign in self.pauses and booking.phase == "queued":
                reasons[work] = f"waiting: {PAUSED}"
            elif booking.phase == "queued":
                reasons[work] = "waiting for the work before it"
            elif booking.phase == "reserving":
                needs = ", ".join(n.place or f"any {n.kind}" for n in booking.recipe.needs)
                reasons[work] = f"waiting for its places: {needs}"
            elif course is not None and (reason := find_wait(course, self.pauses)) is not None:
                reasons[work] = reason
        return reasons | waits_for_loads(self.supplies)


def declare(state: BidderState, lab: Laboratory, agent: str) -> BidderState:
    """The state after the laboratory was declared; a stock starts anew only where its declaration changed.

    An agent whose setting `handler` names a service also draws on what that service holds: its consumables, and the
    laboratory's stock solutions.
    """
    before: tuple[Consumable | Stock, ...] = ()
    if state.lab is not None:
        before = (*state.lab.consumables, *state.lab.stocks)
    earlier = {c.name: c for c in before}
    handler = lab.agents[agent].settings.get("handler") if agent in lab.agents else None
    mine: tuple[Consumable | Stock, ...] = tuple(c for c in lab.consumables if c.used_by in (agent, handler))
    if handler is not None:
        mine += lab.stocks
    stock = {c.name: state.stock[c.name] if earlier.get(c.name) == c else c.amount for c in mine}
    return state.but(lab=lab, stock=stock)


def draw_elsewhere(state: BidderState, used: ConsumableUsed, cause: int) -> BidderState:
    """The state after somebody else drew on a stock that this agent draws on too.

    What was drawn by an act (its end stands at `cause`) before the stock was counted is no longer in what was counted.
    """
    name = used.consumable
    if name not in state.stock or cause <= state.counted.get(name, 0):
        return state
    return state.but(stock=with_item(state.stock, name, max(0.0, state.stock[name] - used.amount)))


def find_unpaid_work(state: BidderState, offer: Offer, prepared: Prepared, now: datetime) -> str:
    """Why the rest of its campaign's budget does not pay for a work at `now` (laboratory time), or an empty text."""
    if state.lab is None or offer.campaign not in state.means:
        return ""
    own = [b.stock for b in state.bookings.values() if b.offer.campaign == offer.campaign]
    others = [p.promised for p in state.pledges.values() if p.campaign == offer.campaign and p.is_accepted]
    return find_unpaid(state.means[offer.campaign], state.lab.prices, now, (*own, *others), prepared.stock)


def take_load(state: BidderState, loaded: ConsumableLoaded, cause: int) -> BidderState:
    """The state after a stock that this agent draws on was loaded, and counted after the entry at `cause`."""
    name = loaded.consumable
    if name not in state.stock:
        return state
    stock, counted = with_item(state.stock, name, loaded.amount), with_item(state.counted, name, cause)
    return state.but(stock=stock, counted=counted)
