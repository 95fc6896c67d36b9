"""What the drivers of the package declare is really there."""

import inspect
from collections.abc import Callable

import pytest

from instruments.addresses import parse_address
from instruments.devices.device import DeviceSetup
from instruments.drivers import load_driver, load_object
from lab_agents.settings import DEFAULT
from tests.simulated_world import laboratory
from tests.thin_film_stand import thin_film

DECLARED = {
    **laboratory().instruments,
    **{name: thin_film().instruments[name] for name in ("handler", "spin_a", "hotplate_a_1", "xrd", "uvvis", "probe")},
    "lamp_2": thin_film().instruments["lamp_2"],
}
NAMES = tuple(DECLARED)


@pytest.mark.parametrize("name", NAMES)
def test_each_act_has_a_plan_that_takes_its_arguments(name):
    driver = load_driver(DECLARED[name].driver)
    for act in driver.acts.values():
        plan = load_object(act.plan)
        assert list(inspect.signature(plan).parameters)[2:] == list(act.arguments)


@pytest.mark.parametrize("name", NAMES)
def test_each_quantity_of_its_acts_has_a_unit(name):
    driver = load_driver(DECLARED[name].driver)
    quantities = {a for act in driver.acts.values() for a, kind in act.arguments.items() if kind == "quantity"}
    mixes = any("mixture" in act.arguments.values() for act in driver.acts.values())
    assert quantities | ({"volume", "total"} if mixes else set()) == set(driver.units)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("dispenser_b", "xrd")])
def test_each_driver_makes_its_wire_and_its_device(name):
    declaration = DECLARED[name]
    driver = load_driver(declaration.driver)
    assert isinstance(driver.wire(parse_address(declaration.address), 1.0).close, Callable)
    device = load_object(driver.device)(DeviceSetup(name, declaration, driver, DEFAULT))
    assert device.name == name
    assert device.traits is driver.traits


@pytest.mark.parametrize("name", NAMES)
def test_what_it_declares_of_itself_is_the_whole_truth(name):
    driver = load_driver(DECLARED[name].driver)
    assert driver.traits.holds_token
    assert 0 < driver.traits.in_flight <= 1
    measures = any(act.raw for act in driver.acts.values())
    # Light ages a film: a lamp measures, and may not do it again.
    assert driver.traits.repeatable == (measures and driver.name != "scpi_lamp")
    assert driver.traits.interruptible == driver.traits.repeatable


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_safe_state_that_its_driver_can_write_and_read_back(name):
    declaration = DECLARED[name]
    assert declaration.safe_state
    for write in declaration.safe_state:
        assert {write.signal, write.read_back} <= load_driver(declaration.driver).signals
