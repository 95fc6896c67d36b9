"""What the arms of chaos do beside sending signals."""

from pathlib import Path

from lab_agents.bus.relay import Relay
from lab_agents.chaos.arms import empty_broker, make_arms
from lab_agents.chaos.faults import FAULTS


def test_there_is_an_arm_for_every_blow() -> None:
    """Killing and freezing are the night's own."""
    blows = {name for name, kind in FAULTS.items() if kind.manner == "blow"}
    assert {*make_arms(Relay(lambda: "mqtt://127.0.0.1:1", 0)), "kill", "freeze"} == blows


def test_a_broker_that_has_lost_everything_keeps_its_configuration(tmp_path: Path) -> None:
    """Whichever broker it is."""
    (tmp_path / "mosquitto.conf").write_text("listener 1883")
    (tmp_path / "mosquitto.db").write_bytes(b"retained")
    (tmp_path / "nats" / "jetstream").mkdir(parents=True)
    empty_broker(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mosquitto.conf"]
