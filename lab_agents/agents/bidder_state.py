"""What a line or station knows, all of it from the log."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

from lab_agents.agents.behaviour import AgentState, Job
from lab_agents.agents.bookings import Booking
from lab_agents.agents.courses import Course, collect_timers
from lab_agents.agents.learning import Experience
from lab_agents.agents.offers import Offers
from lab_agents.messages.life import Timer
from lab_agents.messages.work import RefusalCode
from lab_agents.records.base import FrozenMap, Record
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Argument, Recipe


class Prepared(Record):
    """How a bidder would do a piece of work, and what it would draw."""

    recipe: Recipe
    stock: FrozenMap[str, float] = Field(default_factory=dict)


class Refusal(Record):
    """Why it would not."""

    code: RefusalCode
    reason: str


class BidderState(AgentState):
    """Everything a bidder knows: offers, taken work, courses under way, stock, experience."""

    lab: Laboratory | None = None
    offers: Offers = Offers()
    bookings: FrozenMap[str, Booking] = Field(default_factory=dict)
    courses: FrozenMap[str, Course] = Field(default_factory=dict)
    stock: FrozenMap[str, float] = Field(default_factory=dict)
    experience: Experience = Experience()

    def but(self, **changes: object) -> Self:
        """A copy with these fields changed."""
        return self.model_copy(update=changes)

    def settings(self, agent: str) -> Mapping[str, Argument]:
        """The settings that the laboratory declares for an agent."""
        return {} if self.lab is None or agent not in self.lab.agents else self.lab.agents[agent].settings

    def jobs(self) -> tuple[Job, ...]:
        """The motions of own steps that have begun."""
        return tuple(c.job for c in self.courses.values() if c.job is not None)

    def timers(self) -> tuple[Timer, ...]:
        """Own steps that come too late, or are tried again."""
        return collect_timers(self.courses)

    def waits(self) -> dict[str, str]:
        """Why accepted work does not move."""
        reasons = {}
        for work, booking in self.bookings.items():
            course = self.courses.get(work)
            if booking.phase == "queued":
                reasons[work] = "waiting for the work before it"
            elif booking.phase == "reserving":
                needs = ", ".join(n.place or f"any {n.kind}" for n in booking.recipe.needs)
                reasons[work] = f"waiting for its places: {needs}"
            elif course is not None and course.wait is not None:
                reasons[work] = course.wait
        return reasons


def declare(state: BidderState, lab: Laboratory, agent: str) -> BidderState:
    """The state after the laboratory was declared; a stock starts anew only where its declaration changed."""
    earlier = {c.name: c for c in state.lab.consumables} if state.lab is not None else {}
    stock = {
        c.name: state.stock[c.name] if earlier.get(c.name) == c else c.amount
        for c in lab.consumables
        if c.used_by == agent
    }
    return state.but(lab=lab, stock=stock)
