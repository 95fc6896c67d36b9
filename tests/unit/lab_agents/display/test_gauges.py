"""What instruments show, as heard."""

from datetime import UTC, datetime, timedelta

import pytest

from lab_agents.bus.protocol import Message
from lab_agents.display.gauges import GaugeBoard, shown_text
from lab_agents.messages.frames import Telemetry
from lab_agents.messages.topics import Topics

TOPICS = Topics("here")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(**changes):
    values = {
        "instrument": "plate", "at": NOON, "readings": {"running": 1.0, "temperature": 110.25, "door": 0.0},
        "units": {"running": "1", "temperature": "°C", "door": "1"}, "read_at": NOON, "within": 30.0,
    }  # fmt: skip
    return Telemetry(**values | changes)


def heard(*telemetry, names=("plate", "lamp")):
    board = GaugeBoard(TOPICS, names)
    for one in telemetry:
        board.hear(Message(TOPICS.build("telemetry", instrument=one.instrument), one.model_dump_json().encode()))
    return board


def test_numbers_are_told_with_their_units_and_switches_by_name():
    assert shown_text(told()) == "running, temperature 110.2 °C"
    assert shown_text(told(readings={"running": 0.0, "door": 0.0})) == "at rest"
    assert shown_text(told(readings={"tips": 37.0}, units={})) == "tips 37"


def test_a_reading_has_an_age_and_goes_stale():
    board = heard(told())
    fresh = board.of("plate", NOON + timedelta(seconds=4))
    assert (fresh.age, fresh.is_stale, fresh.text) == (4.0, False, "running, temperature 110.2 °C")
    old = board.of("plate", NOON + timedelta(seconds=60))
    assert old.is_stale
    assert old.text == "STALE, 60 s old: running, temperature 110.2 °C"


def test_a_failure_tells_its_reason_and_what_was_read_before():
    board = heard(told(), told(readings={}, trouble="plate did not answer"))
    text = board.of("plate", NOON).text
    assert text == "NOT READ: plate did not answer (before: running, temperature 110.2 °C)"
    assert heard(told(readings={}, trouble="gone")).of("plate", NOON).text == "NOT READ: gone"


def test_an_instrument_that_was_never_heard_says_so():
    plate, lamp = heard(told()).all(NOON)
    assert plate.age == 0.0
    assert (lamp.instrument, lamp.age, lamp.text) == ("lamp", None, "nothing heard yet")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.build("telemetry", instrument="plate"), b"{}"),
        (TOPICS.build("telemetry", instrument="lamp"), told().model_dump_json().encode()),
        (TOPICS.build("head"), told().model_dump_json().encode()),
        ("elsewhere", b""),
    ],
    ids=["no telemetry", "another instrument's topic", "another topic", "another laboratory"],
)
def test_nonsense_is_passed_over(topic, payload):
    board = GaugeBoard(TOPICS, ("plate",))
    assert board.hear(Message(topic, payload)) is None
    assert board.of("plate").age is None
