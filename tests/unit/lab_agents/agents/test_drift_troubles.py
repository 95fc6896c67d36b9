"""What a person is asked about a film, and about a standard."""

from lab_agents.agents.drift_troubles import CALIBRATED, GO_ON, drift_trouble
from lab_agents.messages.course import ControlJudged


def judged(sample: str, rule: str = "1-3s") -> ControlJudged:
    """A verdict."""
    return ControlJudged(
        sample=sample, measurement="check-1", property="line_strength", instrument="xrd", value=5e4, mean=6e4,
        deviation=3e3, unit="1/s", rule=rule, z=(-3.3,), n_retracted=4,
    )  # fmt: skip


def test_a_control_in_order_asks_nobody():
    assert drift_trouble(judged("silicon", rule="")) is None


def test_a_standard_puts_its_instrument_in_doubt_and_no_line():
    """With what no longer counts, and what an answer does."""
    trouble = drift_trouble(judged("silicon"))
    assert trouble is not None
    assert "Standard silicon on xrd: its line_strength is 50000 1/s" in trouble.what
    assert "4 measurements by xrd since the start or calibration no longer count" in trouble.what
    assert "hotplates" not in trouble.what
    assert (trouble.remedies, trouble.default) == ((CALIBRATED, GO_ON), GO_ON)


def test_a_control_film_puts_its_line_in_doubt_too():
    trouble = drift_trouble(judged("control-opv-0001"))
    assert trouble is not None
    assert "hotplates" in trouble.what
