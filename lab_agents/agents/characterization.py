"""A characterization station: carry the sample in, measure it, carry it home.

Its settings say what it does: `kind` of measurement, `instrument` and `plan` of its act with the arguments that begin
with `with_`, and its place: `stage`, or `stages`, a kind of place of which any free one will do, each with an
instrument of its own.
A second measurement of the same step looks longer: the argument named by `longer` is multiplied by `longer_by` for
each further attempt. The first one may look shorter or longer too, by what is known of the sample (`looks`), unless the
campaign awards work as it comes.
"""

from collections.abc import Mapping

from pydantic import Field

from lab_agents.agents.behaviour import Draft, OnlyTold
from lab_agents.agents.bidder import Bidder
from lab_agents.agents.bidder_state import BidderState, Prepared, Refusal
from lab_agents.agents.calibrations import CALIBRATION_KINDS, Asked, follow_calibrations, say_calibrated
from lab_agents.agents.courses import Course
from lab_agents.agents.limits import find_breach
from lab_agents.agents.looks import Look, Looks, follow_looks
from lab_agents.agents.offers import Offer
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import MeasurementTaken, TaskDone
from lab_agents.records.measurement import Measurement
from lab_agents.records.recipe import Act, Argument, Need, Recipe, Step, Transfer

ARGUMENT = "with_"
"""Settings that begin so are arguments of the measuring act."""


class CharacterizationState(BidderState):
    """Everything a station knows: also what was concluded of the samples that it may be asked to look at.

    `calibrations` are the open tickets that ask a person to calibrate its instrument.
    """

    looks: Looks = Looks()
    calibrations: Asked = Field(default_factory=dict)


class Characterization(Bidder):
    """One station with one kind of measurement."""

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of entries that concern a station."""
        return super().kinds | CALIBRATION_KINDS | {"ObservationMade", "ObservationRetracted"}

    @property
    def only_told(self) -> OnlyTold:
        """What was seen of samples counts when one is offered."""
        told = super().only_told
        return OnlyTold(told.kinds | {"ObservationMade", "ObservationRetracted"}, told.works)

    def start(self) -> CharacterizationState:
        """A station that knows nothing."""
        return CharacterizationState()

    def apply(self, state: BidderState, logged: Logged) -> BidderState:
        """The state after an entry: what was concluded of samples, then what concerns every bidder."""
        if isinstance(state, CharacterizationState) and "longer" in state.settings(self.name):
            state = state.but(looks=follow_looks(state.looks, logged, self.name, state))
        if isinstance(state, CharacterizationState) and logged.entry.kind in CALIBRATION_KINDS:
            state = state.but(
                calibrations=follow_calibrations(state.calibrations, logged, _instruments(state, self.name))
            )
        return super().apply(state, logged)

    def decide(self, before: BidderState, after: BidderState, logged: Logged) -> tuple[Draft, ...]:
        """What every bidder says, and that its instrument was calibrated."""
        asked = before.calibrations if isinstance(before, CharacterizationState) else {}
        return (*super().decide(before, after, logged), *say_calibrated(asked, logged))

    def _look(self, state: BidderState, offer: Offer) -> Look:
        """How to look at the sample: as usual, where it is looked at again, is a standard, or work goes as it comes."""
        plan, settings = state.offers.plans.get(offer.campaign), state.settings(self.name)
        is_free = plan is not None and plan.awards == "joint" and offer.sample in state.offers.samples
        if plan is None or not is_free or offer.attempt > 1 or not isinstance(state, CharacterizationState):
            return Look()
        seconds = state.experience.expect_act(measuring_act(settings, 1), settings)
        return state.looks.choose(settings, state.looks.promise(offer.sample, plan.target), seconds)

    def is_able(self, state: BidderState, offer: Offer) -> bool:
        """Measuring is offered to the stations whose kind of measurement is wanted."""
        return offer.kind == "measure" and state.settings(self.name).get("kind") == offer.measurement

    def prepare(self, state: BidderState, offer: Offer) -> Prepared | Refusal:
        """Load, measure, unload; a failed measurement is passed over, so that the film is carried home in any case."""
        if state.lab is None or offer.place is None:
            return Refusal(code="no_place", reason=f"where {offer.sample} stands is not known")
        settings = state.settings(self.name)
        look, robot = self._look(state, offer), str(settings["robot"])
        measure = measuring_act(settings, offer.attempt, look.factor)
        breach = find_breach(state.lab, (measure,))
        if breach:
            return Refusal(code="infeasible", reason=breach)
        recipe = Recipe(
            steps=(
                Step(name="load", owner=robot, transfer=Transfer(source="home", target="stage")),
                Step(name="measure", kind="measure", owner=self.name, acts=(measure,)),
                Step(name="unload", owner=robot, transfer=Transfer(source="stage", target="home")),
            ),
            needs=(_stage(settings), Need(role="home", place=offer.place)),
        )
        return Prepared(recipe=recipe, worth=look.worth, choice=look.why)

    def report_step(self, state: BidderState, course: Course, body: TaskDone) -> tuple[Body, ...]:
        """The measurement, from the act's blobs and readings."""
        step, booking = course.recipe.steps[body.step], state.bookings.get(course.work)
        if step.name != "measure":
            return ()
        result, act = body.results[-1], step.acts[0]
        measurement = Measurement(
            id=course.work,
            sample=course.sample,
            work=course.work,
            instrument=_instrument_at(state, course.places.get("stage"), act.instrument),
            kind=str(state.settings(self.name)["kind"]),
            step=0 if booking is None else booking.offer.step,
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
        places = {"load": (home, stage), "measure": (stage,), "unload": (stage, home)}.get(course.present.name, ())
        return tuple(p for p in places if p is not None)


def measuring_act(settings: Mapping[str, Argument], attempt: int, factor: float = 1.0) -> Act:
    """The station's one act, as its settings declare it; `factor` is of the argument that a longer look lengthens."""
    arguments = {key.removeprefix(ARGUMENT): value for key, value in settings.items() if key.startswith(ARGUMENT)}
    longer = settings.get("longer")
    if isinstance(longer, str) and isinstance(value := arguments.get(longer), int | float):
        arguments[longer] = value * factor * float(settings.get("longer_by", 1.0)) ** (attempt - 1)
    at = "stage" if "stages" in settings else None
    return Act(instrument=str(settings["instrument"]), plan=str(settings["plan"]), arguments=arguments, at=at)


def _instrument_at(state: BidderState, place: str | None, usual: str) -> str:
    """The instrument that measured: the one of the granted place, where places have their own."""
    places = () if state.lab is None else state.lab.all_places
    return next((p.instrument for p in places if p.name == place and p.instrument is not None), usual)


def _instruments(state: BidderState, me: str) -> frozenset[str]:
    """The station's instruments: the one that it declares, or those of its stages."""
    settings = state.settings(me)
    places = () if state.lab is None else state.lab.all_places
    staged = {p.instrument for p in places if p.instrument is not None and p.kind == settings.get("stages", "")}
    return frozenset(staged | {str(settings.get("instrument", ""))})


def _stage(settings: Mapping[str, Argument]) -> Need:
    if "stages" in settings:
        return Need(role="stage", kind=str(settings["stages"]))
    return Need(role="stage", place=str(settings["stage"]))
