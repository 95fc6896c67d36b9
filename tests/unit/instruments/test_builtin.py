"""What the drivers of the package declare is really there."""

import inspect
from collections.abc import Callable

import pytest

from instruments.addresses import parse_address
from instruments.devices.device import DeviceSetup
from instruments.drivers import load_driver, load_object
from lab_agents.settings import DEFAULT
from tests.simulated_world import laboratory

LAB = laboratory()
NAMES = tuple(LAB.instruments)


@pytest.mark.parametrize("name", NAMES)
def test_each_act_has_a_plan_that_takes_its_arguments(name):
    driver = load_driver(LAB.instruments[name].driver)
    for act in driver.acts.values():
        plan = load_object(act.plan)
        assert list(inspect.signature(plan).parameters)[2:] == list(act.arguments)


@pytest.mark.parametrize("name", NAMES)
def test_each_quantity_of_its_acts_has_a_unit(name):
    driver = load_driver(LAB.instruments[name].driver)
    quantities = {a for act in driver.acts.values() for a, kind in act.arguments.items() if kind == "quantity"}
    assert quantities == set(driver.units)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "dispenser_b"])
def test_each_driver_makes_its_wire_and_its_device(name):
    declaration = LAB.instruments[name]
    driver = load_driver(declaration.driver)
    assert isinstance(driver.wire(parse_address(declaration.address), 1.0).close, Callable)
    device = load_object(driver.device)(DeviceSetup(name, declaration, driver, DEFAULT))
    assert device.name == name
    assert device.traits is driver.traits
