"""What control films say of the laboratory, told entry by entry to supervision and to those who follow it."""

import pytest

from lab_agents.agents.drift_troubles import CALIBRATED, GO_ON, drift_trouble
from lab_agents.agents.planning import Planning
from lab_agents.agents.supervision import Supervision
from lab_agents.messages.commands import AnswerTicket, RetractObservation, StartCampaign
from lab_agents.messages.course import (
    CampaignFinished,
    CampaignStarted,
    ControlJudged,
    MeasurementConcluded,
    ObservationMade,
    ObservationRetracted,
    StandardRead,
    TicketClosed,
    TicketOpened,
)
from lab_agents.messages.life import LabChanged, TroubleMet
from lab_agents.messages.work import CalibrationMade, MeasurementTaken, SampleMade
from lab_agents.records.control import ControlLimits, Controls, control_id
from lab_agents.records.measurement import Measurement
from lab_agents.records.observation import Observation, Unread
from lab_agents.records.sample import AsMade
from lab_agents.records.stock import Standard
from tests.model_lab import MATERIALS, START, laboratory, plan, sha
from tests.story import Story, proposal, sample

RECIPE = dict(zip(MATERIALS, (0.25, 0.25, 0.25, 0.25), strict=True))
MADE = AsMade(values=RECIPE, deviations={})
PROPERTY = "photooxidation"


def controls(value: float | None = 1.0) -> Controls:
    """One chart of deviation 0.1."""
    return Controls(every=5, recipe=RECIPE, properties={PROPERTY: ControlLimits(deviation=0.1, value=value)})


class Watch(Story):
    """A campaign with controls, as supervision meets it."""

    def __init__(self, value: float | None = 1.0) -> None:
        super().__init__(Supervision("supervision"))
        stated = plan(controls=controls(value), batch=4)
        said = self.tell("once-1", StartCampaign(plan=stated, person="ada"), campaign=None)
        for body in said:
            self.tell("supervision", body, subject="opv")

    def observe(self, name: str, value: float | None) -> list:
        """A sample is measured and concluded; returns what supervision says, told back to it."""
        taken = Measurement(
            id=f"m-{name}", sample=name, work=f"measure-{name}-1", instrument="tester", kind="trace", step=0,
            raw=sha(name), documents=sha(name), run="r", taken_at=START,
        )  # fmt: skip
        self.tell("tester", MeasurementTaken(measurement=taken), subject=name)
        unread = ()
        if value is None:
            unread = (Unread(sample=name, measurement=taken.id, property=PROPERTY, reason="no edge", made=MADE),)
        else:
            seen = Observation(
                sample=name, measurement=taken.id, property=PROPERTY, value=value, deviation=0.05, unit="1",
                made=MADE, raw=taken.raw, analysis="a", version="1",
            )  # fmt: skip
            self.tell("analysis", ObservationMade(observation=seen), subject=name)
        last = MeasurementConcluded(
            sample=name, measurement=taken.id, step=0, n_observed=int(value is not None), unread=unread
        )
        return self.hear(self.tell("analysis", last, subject=name))

    def control(self, batch: int, value: float | None) -> list:
        """A control film is made and measured."""
        made = sample().sample.model_copy(
            update={"id": control_id("opv", batch), "kind": "control", "work": f"make-{control_id('opv', batch)}"}
        )
        self.tell("line_a", SampleMade(sample=made), subject=made.id)
        return self.observe(made.id, value)

    def hear(self, said) -> list:
        """Everything that supervision says, and what it says because of that."""
        heard = []
        for body in said:
            heard.append(body)
            heard += self.hear(self.tell("supervision", body, subject="x"))
        return heard

    def answer(self, ticket: TicketOpened, words: str) -> None:
        """A person answers."""
        self.hear(self.tell("once-2", AnswerTicket(ticket=ticket.ticket.id, answer=words, person="ada")))


def of(kind, said):
    """Those of one kind."""
    return [body for body in said if isinstance(body, kind)]


def test_a_control_in_order_is_judged_and_nothing_else_happens():
    """One verdict for each property."""
    watch = Watch()
    (judged,) = watch.control(1, 1.1)
    assert (judged.rule, judged.value, judged.mean, judged.line, judged.instrument) == (
        "",
        1.1,
        1.0,
        "line_a",
        "tester",
    )
    assert judged.z == pytest.approx((1.0,))


def test_drift_retracts_what_was_observed_since_the_last_good_control():
    """Not what came before it, nor the controls themselves."""
    watch = Watch()
    watch.observe("opv-0001", 3.0)
    watch.control(1, 1.05)
    watch.observe("opv-0002", 3.0)
    watch.observe("opv-0003", 3.0)
    said = watch.control(6, 1.5)
    (judged,) = of(ControlJudged, said)
    assert (judged.rule, judged.n_retracted, judged.last_good) == ("1-3s", 2, "control-opv-0001")
    assert [gone.sample for gone in of(ObservationRetracted, said)] == ["opv-0002", "opv-0003"]
    assert all("control-opv-0006 is out of control" in gone.reason for gone in of(ObservationRetracted, said))


def test_a_retraction_names_the_proposals_for_which_the_planner_had_the_observation():
    """One that was asked for before the observation is not marked."""
    watch = Watch()
    watch.tell("planning", proposal((1, 0, 0, 0)), cause=watch.position)
    watch.control(1, 1.0)
    watch.observe("opv-0001", 3.0)
    second = proposal((0, 1, 0, 0), first=2)
    numbered = second.model_copy(update={"proposal": second.proposal.model_copy(update={"number": 2})})
    watch.tell("planning", numbered, cause=watch.position)
    (gone,) = of(ObservationRetracted, watch.control(6, 0.5))
    assert (gone.sample, gone.proposals) == ("opv-0001", (2,))


def test_drift_asks_for_calibration_with_its_evidence():
    """Which instrument and line, which rule, which numbers, and what is done without an answer."""
    watch = Watch()
    watch.control(1, 1.0)
    (opened,) = of(TicketOpened, watch.control(6, 1.5))
    trouble = opened.ticket.trouble
    assert trouble.remedies == (CALIBRATED, GO_ON)
    assert trouble.default == GO_ON
    assert trouble.evidence | {"property": PROPERTY, "instrument": "tester", "rule": "1-3s"} == trouble.evidence
    for words in ("control-opv-0006 of line_a", "is 1.5, expected 1 ± 0.1", "rule 1-3s: +5.0", "calibrate it"):
        assert words in trouble.what


def test_a_control_film_that_could_not_be_read_is_out_of_control():
    """What the laboratory can no longer see it can no longer vouch for."""
    watch = Watch()
    watch.control(1, 1.0)
    (judged,) = of(ControlJudged, watch.control(6, None))
    assert (judged.value, judged.rule, judged.z) == (None, "1-3s", ())
    assert "could not be read" in drift_trouble(judged).what


def test_two_controls_beyond_two_deviations_are_a_shift():
    """The first of them is no good control any more: what came behind it goes too."""
    watch = Watch()
    watch.control(1, 1.0)
    watch.observe("opv-0001", 3.0)
    assert not of(ObservationRetracted, watch.control(6, 1.22))
    watch.observe("opv-0002", 3.0)
    said = watch.control(11, 1.23)
    assert of(ControlJudged, said)[0].rule == "2-2s"
    assert [gone.sample for gone in of(ObservationRetracted, said)] == ["opv-0001", "opv-0002"]


def test_the_first_control_is_the_reference_where_none_is_declared():
    """Its own scatter widens the limits: 0.4 is 2.8 deviations of a difference, 0.5 is 3.5."""
    watch = Watch(value=None)
    watch.control(1, 7.0)
    watch.observe("opv-0001", 3.0)
    assert not of(ObservationRetracted, watch.control(6, 7.4))
    watch = Watch(value=None)
    watch.control(1, 7.0)
    watch.observe("opv-0001", 3.0)
    said = watch.control(6, 7.5)
    assert of(ControlJudged, said)[0].last_good == "control-opv-0001"
    assert [gone.sample for gone in of(ObservationRetracted, said)] == ["opv-0001"]


@pytest.mark.parametrize("how", ["answer", "entry"])
def test_after_a_calibration_the_chart_begins_anew(how):
    """Whether a person says so or the instrument's owner."""
    watch = Watch(value=None)
    watch.control(1, 1.0)
    (opened,) = of(TicketOpened, watch.control(6, 2.0))
    if how == "answer":
        watch.answer(opened, CALIBRATED)
    else:
        watch.tell("tester", CalibrationMade(instrument="tester", constants={}))
    watch.observe("opv-0002", 3.0)
    (judged,) = watch.control(11, 2.05)
    assert (judged.rule, judged.mean) == ("", 2.05)


@pytest.mark.parametrize(("third", "rule", "mean"), [(1.05, "", 1.0), (2.05, "", 2.0), (3.0, "1-3s", 1.0)])
def test_after_going_on_the_next_control_decides(third, rule, mean):
    """A stray film, a new level, or drift that goes on."""
    watch = Watch(value=None)
    watch.control(1, 1.0)
    (opened,) = of(TicketOpened, watch.control(6, 2.0))
    watch.answer(opened, GO_ON)
    (judged,) = of(ControlJudged, watch.control(11, third))
    assert (judged.rule, judged.mean) == (rule, mean)


def test_without_an_answer_a_lasting_shift_is_found_again():
    """Nobody said that the campaign may go on with it."""
    watch = Watch(value=None)
    watch.control(1, 1.0)
    watch.control(6, 2.0)
    watch.observe("opv-0002", 3.0)
    said = watch.control(11, 2.05)
    assert [gone.sample for gone in of(ObservationRetracted, said)] == ["opv-0002"]


def test_a_person_retracts_a_measurement():
    """What was concluded from it counts no longer, with the person's name and reason."""
    watch = Watch()
    watch.observe("opv-0001", 3.0)
    command = RetractObservation(measurement="m-opv-0001", person="ada", reason="the lamp was off")
    (gone,) = watch.tell("once-3", command, campaign=None)
    assert (gone.sample, gone.reason) == ("opv-0001", "ada: the lamp was off")
    assert isinstance(gone, ObservationRetracted)


def test_a_measurement_that_is_not_known_is_not_retracted():
    """And the person is told."""
    watch = Watch()
    (trouble,) = watch.tell("once-3", RetractObservation(measurement="m-9", person="ada", reason="x"), campaign=None)
    assert isinstance(trouble, TroubleMet)
    assert "m-9" in trouble.trouble.what


def test_a_control_film_is_offered_with_its_batch_and_costs_no_budget():
    """It is asked for by the recipe, and planning waits for it before it asks again."""
    story = Story(Planning("planning"))
    story.begin(controls=controls(), batch=4)
    story.tell("planning", proposal((1, 0, 0, 0)))
    offer = story.state.offers.open["make-control-opv-0001"]
    assert (offer.kind, offer.asked.values) == ("make", RECIPE)
    fate = story.state.fates["control-opv-0001"]
    made = fate.model_copy(update={"is_made": True, "stage": "observed"})
    assert not fate.has_ended
    assert made.has_ended
    assert not made.is_spent


def test_what_is_retracted_is_gone_from_the_planner_with_its_model():
    """A model that knew it is not used again, not even one that was on its way."""
    watch = Watch()
    watch.observe("opv-0001", 3.0)
    story = Story(Planning("planning"))
    story.tell("supervision", CampaignStarted(plan=plan(), person="ada"), subject="opv")
    story.tell("supervision", ObservationRetracted(sample="opv-0001", measurement="m-opv-0001", reason="r"))
    assert (story.state.pursuit.model, story.state.pursuit.retracted) == (None, story.position)


def test_a_ticket_about_something_else_begins_no_chart_anew():
    """Only one that asks for calibration."""
    watch = Watch(value=None)
    watch.control(1, 1.0)
    watch.tell("supervision", TicketClosed(ticket="ticket-9", answer=CALIBRATED, person="ada"))
    assert watch.control(6, 2.0)[0].rule == "1-3s"


class Bench(Watch):
    """A laboratory with one standard, of which one number is watched on the instrument `tester`."""

    def __init__(self) -> None:
        super().__init__()
        limits = {"line_strength": ControlLimits(deviation=10.0, unit="1/s")}
        silicon = Standard(name="silicon", kind="silicon", place="rack_4", limits=limits)
        self.lab = laboratory(standards=[silicon.model_dump(mode="json")])
        self.tell("recorder", LabChanged(laboratory=self.lab, file="1" * 64, version="1"), campaign=None)

    def look(self, number: int, value: float | None, instrument: str = "tester") -> list:
        """The standard is measured and read."""
        read = StandardRead(
            standard="silicon",
            measurement=f"check-silicon-{number}",
            instrument=instrument,
            values={"line_strength": value},
        )
        return self.hear(self.tell("analysis", read, subject="silicon"))

    def calibrate(self) -> None:
        """The station says that its instrument was calibrated."""
        self.hear(self.tell("tester", CalibrationMade(instrument="tester", constants={})))


def test_a_standard_is_judged_by_its_own_history():
    """The first look is the reference; what limits do not name is not judged."""
    bench = Bench()
    bench.look(1, 1000.0)
    (judged,) = bench.look(2, 1010.0)
    assert (judged.sample, judged.instrument, judged.rule, judged.mean) == ("silicon", "tester", "", 1000.0)
    assert judged.unit == "1/s"


def test_a_standard_out_of_control_retracts_all_that_its_instrument_measured_since_the_last_good_look():
    """Whatever the property; not what came before that look."""
    bench = Bench()
    bench.observe("opv-0001", 3.0)
    bench.look(1, 1000.0)
    bench.observe("opv-0002", 3.0)
    said = bench.look(2, 900.0)
    (judged,) = of(ControlJudged, said)
    assert (judged.rule, judged.n_retracted, judged.last_good) == ("1-3s", 1, "check-silicon-1")
    assert [gone.sample for gone in of(ObservationRetracted, said)] == ["opv-0002"]
    (opened,) = of(TicketOpened, said)
    assert opened.ticket.trouble.evidence["instrument"] == "tester"


def test_a_slow_loss_is_found_by_its_trend():
    """No single look is three deviations off, but four in a row are one off on the same side."""
    bench = Bench()
    rules = [of(ControlJudged, bench.look(n, 1000.0 - 7.0 * n))[0].rule for n in range(7)]
    assert rules == ["", "", "", "", "", "", "4-1s"]


def test_each_instrument_has_its_own_chart_of_a_standard():
    """Another instrument counts otherwise, and its observations are in no doubt."""
    bench = Bench()
    bench.look(1, 1000.0)
    (judged,) = bench.look(2, 500.0, instrument="xrd")
    assert (judged.rule, judged.mean) == ("", 500.0)


def test_a_person_is_asked_once_about_a_chart_while_the_ticket_is_open():
    bench = Bench()
    bench.look(1, 1000.0)
    assert len(of(TicketOpened, bench.look(2, 900.0))) == 1
    assert of(TicketOpened, bench.look(3, 880.0)) == []


def test_after_a_calibration_the_next_look_at_the_standard_is_the_reference():
    """The answer alone changes nothing: the instrument's station says that it was calibrated."""
    bench = Bench()
    bench.look(1, 1000.0)
    (opened,) = of(TicketOpened, bench.look(2, 900.0))
    bench.answer(opened, CALIBRATED)
    (old,) = of(ControlJudged, bench.look(3, 900.0))
    assert old.rule == "1-3s"
    bench.calibrate()
    (new,) = of(ControlJudged, bench.look(4, 900.0))
    assert (new.rule, new.mean) == ("", 900.0)


def test_charts_of_standards_outlast_a_campaign():
    """Those of its control films do not."""
    bench = Bench()
    bench.look(1, 1000.0)
    bench.control(1, 1.0)
    bench.tell("supervision", CampaignFinished(reason="done", n_made=0, n_observed=0, n_failed=0), subject="opv")
    charts = bench.state.drift.charts
    assert list(charts) == ["silicon/tester/line_strength"]
