"""Drivers come in by entry points."""

import pytest

from instruments.addresses import parse_address
from instruments.drivers import driver_names, lazy_wire, load_driver, load_object
from instruments.errors import DriverError


def test_the_drivers_of_the_package_are_registered():
    built_in = {"modbus_dispenser", "modbus_coater", "epics_dispenser", "opcua_robot", "scpi_tester"}
    built_in |= {"opcua_handler", "modbus_spin_coater", "modbus_hotplate", "epics_diffractometer"}
    built_in |= {"scpi_spectrometer", "scpi_lamp", "scpi_probe"}
    assert built_in <= set(driver_names())
    assert all(load_driver(name).name == name for name in built_in)


def test_an_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(DriverError, match=r"no instrument driver laser\. Known are .*opcua_robot"):
        load_driver("laser")


def test_an_object_is_loaded_by_its_path():
    assert load_object("instruments.drivers:load_driver") is load_driver


def test_a_wire_is_made_of_a_client_and_its_words_when_it_is_wanted():
    make = lazy_wire("instruments.transports.opcua:OpcUaWire", "instruments.transports.handler_nodes:HANDLER_NODES")
    assert not make(parse_address("opc.tcp://127.0.0.1:4840/handler"), 1.0).is_open
    with pytest.raises(ModuleNotFoundError):
        lazy_wire("instruments.transports.pigeon:Pigeon", "nowhere:NOTHING")(parse_address("opc.tcp://a:1/"), 1.0)
