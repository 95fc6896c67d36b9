"""The table of faults."""

from dataclasses import fields

from lab_agents.bus.faulty import Faults
from lab_agents.chaos.faults import FAULTS
from simulators.faults import SETTINGS


def test_every_fault_says_what_it_does_and_is_one_of_its_carrier() -> None:
    """A setting that nobody reads would leave a fault switched off."""
    network = {field.name for field in fields(Faults)}
    for name, kind in FAULTS.items():
        assert kind.what, name
        if kind.manner == "network":
            assert kind.setting in network, name
        if kind.manner == "instrument":
            assert kind.setting in SETTINGS, name
