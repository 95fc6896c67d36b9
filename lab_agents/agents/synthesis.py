"""A synthesis line: from a candidate to a sample in the rack, and what was really made.

Its setting `recipe` says which kind it makes: `blend` (the default) or `film`.
"""

from collections.abc import Mapping

from lab_agents.agents.amendments import base_name
from lab_agents.agents.bidder import Bidder
from lab_agents.agents.bidder_state import BidderState, Prepared, Refusal
from lab_agents.agents.blend_recipe import BlendRecipe
from lab_agents.agents.bookings import Booking
from lab_agents.agents.courses import Course
from lab_agents.agents.film_recipe import FilmRecipe
from lab_agents.agents.making import Making, MakingRules
from lab_agents.agents.offers import Offer
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import SampleMade, TaskDone, TaskFailed
from lab_agents.records.control import is_control
from lab_agents.records.sample import Sample

RULES: Mapping[str, MakingRules] = {"blend": BlendRecipe(), "film": FilmRecipe()}
"""Kinds of recipe by their names in lab files."""
WORKED_ON: Mapping[str, tuple[str, ...]] = {"coat": ("stage",), "spin": ("stage",), "anneal": ("plate",)}
"""Roles of the places where steps, by their names, work on a film."""


class SynthesisState(BidderState):
    """Everything a synthesis line knows."""


class Synthesis(Bidder):
    """One synthesis line."""

    def start(self) -> SynthesisState:
        """A line that knows nothing."""
        return SynthesisState()

    def is_able(self, state: BidderState, offer: Offer) -> bool:
        """Making is offered to every line, or to those that the campaign names."""
        plan = state.offers.plans.get(offer.campaign)
        return offer.kind == "make" and plan is not None and (not plan.lines or self.name in plan.lines)

    def prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        """The recipe, if every set-point is within this line's limits."""
        if state.lab is None:
            return Refusal(code="not_mine", reason="no laboratory is open")
        return self._rules(state).prepare(self.name, state.lab, offer.asked)

    def drawn(self, state: BidderState, course: Course, body: TaskDone | TaskFailed) -> Mapping[str, float]:
        """What the step drew, as the instruments reported it."""
        if state.lab is None:
            return {}
        return self._rules(state).drawn(self.name, state.lab, course.recipe.steps[body.step], body)

    def find_flaw(self, state: BidderState, course: Course, body: TaskDone) -> str:
        """What is reported of a good step that spoils the sample."""
        return self._rules(state).find_flaw(course.recipe.steps[body.step], body)

    def report_end(self, state: BidderState, course: Course, booking: Booking, logged: Logged) -> tuple[Body, ...]:
        """The finished sample, as made, in its place in the rack."""
        if state.lab is None:
            return ()
        offer = booking.offer
        plan = state.offers.plans.get(offer.campaign)
        is_mixture = plan is not None and plan.space.is_mixture
        making = Making(self.name, offer.asked, booking.recipe, booking.results, is_mixture)
        sample = Sample(
            id=offer.sample,
            campaign=offer.campaign,
            work=offer.work,
            kind="control" if is_control(offer.sample) else "candidate",
            asked=offer.asked,
            made=self._rules(state).made(state.lab, making),
            made_by=self.name,
            made_at=logged.entry.at,
            place=course.places["rack"],
        )
        return (SampleMade(sample=sample),)

    def doubtful(self, course: Course) -> tuple[str, ...]:
        """Before coating there is no film; then it stands where a step works on it, or on its way."""
        step = course.present
        carried = () if step.transfer is None else (step.transfer.source, step.transfer.target)
        return tuple(
            course.places[role] for role in carried or WORKED_ON.get(base_name(step.name), ()) if role in course.places
        )

    def _rules(self, state: BidderState) -> MakingRules:
        return RULES[str(state.settings(self.name).get("recipe", "blend"))]
