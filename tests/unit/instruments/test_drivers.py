"""Drivers come in by entry points."""

import pytest

from instruments.drivers import driver_names, load_driver, load_object
from instruments.errors import DriverError


def test_the_drivers_of_the_package_are_registered():
    built_in = {"modbus_dispenser", "modbus_coater", "epics_dispenser", "opcua_robot", "scpi_tester"}
    assert built_in <= set(driver_names())
    assert all(load_driver(name).name == name for name in built_in)


def test_an_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(DriverError, match=r"no instrument driver laser\. Known are .*opcua_robot"):
        load_driver("laser")


def test_an_object_is_loaded_by_its_path():
    assert load_object("instruments.drivers:load_driver") is load_driver
