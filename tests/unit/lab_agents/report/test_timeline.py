"""When each instrument did what."""

from lab_agents.report.account import Account
from lab_agents.report.telling import tell
from lab_agents.report.timeline import timeline
from tests.told_campaign import tell_campaign


def test_every_instrument_has_a_row_and_every_kind_of_act_a_colour():
    figure = timeline(tell(tell_campaign(20, failing=9)))
    for word in ("dispenser_a", "dispenser_b", "robot", "tester", "soak", "transfer", "failed"):
        assert f">{word}<" in figure.svg


def test_the_busiest_instrument_is_named():
    assert "tester was the busiest" in timeline(tell(tell_campaign(8))).caption


def test_nothing_done_is_nothing_drawn():
    assert timeline(Account()) is None
