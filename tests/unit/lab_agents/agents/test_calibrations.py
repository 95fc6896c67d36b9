"""Who says that an instrument was calibrated, and when."""

from lab_agents.agents.calibrations import follow_calibrations, say_calibrated
from lab_agents.agents.characterization import Characterization
from lab_agents.agents.drift_troubles import CALIBRATED, GO_ON, drift_trouble
from lab_agents.messages.course import ControlJudged, TicketClosed, TicketOpened
from lab_agents.messages.work import CalibrationMade
from lab_agents.records.ticket import Ticket
from tests.story import Story, logged


def opened(sample: str = "silicon", instrument: str = "tester") -> TicketOpened:
    """A ticket about a control that is out of control."""
    judged = ControlJudged(
        sample=sample, measurement="m", property="line_strength", instrument=instrument, value=1.0, mean=2.0,
        deviation=0.1, rule="1-3s",
    )  # fmt: skip
    trouble = drift_trouble(judged)
    assert trouble is not None
    return TicketOpened(ticket=Ticket(id="ticket-9", subject=sample, raised_by="supervision", trouble=trouble))


def closed(answer: str) -> TicketClosed:
    """Its answer."""
    return TicketClosed(ticket="ticket-9", answer=answer, person="ada")


def test_the_station_of_the_instrument_says_that_it_was_calibrated():
    """Once, when the person has said so."""
    story = Story(Characterization("tester"))
    story.begin()
    assert story.tell("supervision", opened()) == ()
    assert story.tell("supervision", closed(CALIBRATED)) == (CalibrationMade(instrument="tester", constants={}),)
    assert story.tell("supervision", closed(CALIBRATED)) == ()


def test_nothing_was_calibrated_where_the_answer_is_another():
    asked = follow_calibrations({}, logged(1, "supervision", opened()), {"tester"})
    assert dict(asked) == {"ticket-9": "tester"}
    answer = logged(2, "supervision", closed(GO_ON))
    assert say_calibrated(asked, answer) == ()
    assert dict(follow_calibrations(asked, answer, {"tester"})) == {}


def test_tickets_about_control_films_and_other_instruments_are_not_the_stations():
    for body in (opened(sample="control-opv-0001"), opened(instrument="xrd")):
        assert dict(follow_calibrations({}, logged(1, "supervision", body), {"tester"})) == {}
