"""A characterization station: carry the sample in, measure it, carry it home."""

from lab_agents.agents.bidder import Bidder
from lab_agents.agents.bidder_state import BidderState, Prepared, Refusal
from lab_agents.agents.courses import Course
from lab_agents.agents.limits import find_breach
from lab_agents.agents.offers import Offer
from lab_agents.messages.entry import Body
from lab_agents.messages.work import MeasurementTaken, TaskDone
from lab_agents.records.measurement import Measurement
from lab_agents.records.recipe import Act, FailurePolicy, Need, Recipe, Step, Transfer


class CharacterizationState(BidderState):
    """Everything a station knows."""


class Characterization(Bidder):
    """One station that soaks films in light and records their transmission."""

    def start(self) -> CharacterizationState:
        """A station that knows nothing."""
        return CharacterizationState()

    def is_able(self, state: BidderState, offer: Offer) -> bool:
        """Measuring is offered to the stations whose kind of measurement the campaign wants."""
        plan = state.offers.plans.get(offer.campaign)
        kind = state.settings(self.name).get("kind")
        return offer.kind == "measure" and plan is not None and plan.measurement == kind

    def prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        """Load, soak, unload; a failed soak is passed over, so that the film is carried home in any case."""
        if state.lab is None or offer.place is None:
            return Refusal(code="no_place", reason=f"where {offer.sample} stands is not known")
        settings = state.settings(self.name)
        tester, robot = str(settings["tester"]), str(settings["robot"])
        soak = Act(instrument=tester, plan="soak", arguments={"exposure": float(settings["exposure"])})
        breach = find_breach(state.lab, (soak,))
        if breach:
            return Refusal(code="infeasible", reason=breach)
        recipe = Recipe(
            steps=(
                Step(name="load", owner=robot, transfer=Transfer(source="home", target="stage")),
                Step(name="soak", owner=self.name, acts=(soak,), on_failure=FailurePolicy(action="skip")),
                Step(name="unload", owner=robot, transfer=Transfer(source="stage", target="home")),
            ),
            needs=(Need(role="stage", place=str(settings["stage"])), Need(role="home", place=offer.place)),
        )
        return Prepared(recipe=recipe)

    def report_step(self, state: BidderState, course: Course, body: TaskDone) -> tuple[Body, ...]:
        """The measurement, from the soak's blobs and readings."""
        step = course.recipe.steps[body.step]
        if step.name != "soak":
            return ()
        result, act = body.results[-1], step.acts[0]
        measurement = Measurement(
            id=course.work,
            sample=course.sample,
            work=course.work,
            instrument=act.instrument,
            kind=str(state.settings(self.name)["kind"]),
            raw=result.blobs["raw"],
            documents=result.blobs["documents"],
            run=result.run,
            settings={**act.arguments, **result.readings},
            taken_at=result.ended_at,
        )
        return (MeasurementTaken(measurement=measurement),)

    def doubtful(self, course: Course) -> tuple[str, ...]:
        """The film stands on the stage while it is measured, and in one of two places while it is carried."""
        stage, home = course.places.get("stage"), course.places.get("home")
        places = {"load": (home, stage), "soak": (stage,), "unload": (stage, home)}.get(course.present.name, ())
        return tuple(p for p in places if p is not None)
