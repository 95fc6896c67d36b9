"""The drivers that come with the package; their wire protocols stand in docs/instruments-wire.md.

Clients are imported when a wire is made: who reads a lab file loads none of them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.addresses import Address
from instruments.drivers import ActDeclaration, Driver, Gauge
from instruments.programs import Traits
from instruments.transports.ca_search import search_at
from instruments.transports.connection import Wire

IN_FLIGHT = 0.25
"""Seconds for which bytes of a dead client may still be on their way: local networks need milliseconds; more only
delays a restart."""

_NEW_VIAL = ActDeclaration("instruments.plans.dispensing:new_vial")
_DOSE = ActDeclaration("instruments.plans.dispensing:dose", {"channel": "channel", "volume": "quantity"})
_COAT = ActDeclaration("instruments.plans.coating:coat", {"speed": "quantity", "duration": "quantity"})
_TRANSFER = ActDeclaration("instruments.plans.transferring:transfer", {"source": "place", "target": "place"})
_SOAK = ActDeclaration(
    "instruments.plans.soaking:soak",
    {"exposure": "quantity"},
    raw={
        "time": "time",
        "transmission": "transmission",
        "offset": "scale_offset",
        "span": "scale_span",
        "tau": "tau",
    },
)
_DISPENSING: Mapping[str, ActDeclaration] = MappingProxyType({"new_vial": _NEW_VIAL, "dose": _DOSE})


def _modbus_wire(address: Address, limit: float) -> Wire:
    from instruments.transports.modbus import ModbusWire
    from instruments.transports.program_registers import PROGRAM_REGISTERS

    return ModbusWire(address, PROGRAM_REGISTERS, limit)


def _channel_access_wire(address: Address, limit: float) -> Wire:
    from instruments.transports.channel_access import ChannelAccessWire
    from instruments.transports.dispenser_channels import DISPENSER_CHANNELS

    return ChannelAccessWire(address, DISPENSER_CHANNELS, limit)


def _opcua_wire(address: Address, limit: float) -> Wire:
    from instruments.transports.opcua import OpcUaWire
    from instruments.transports.robot_nodes import ROBOT_NODES

    return OpcUaWire(address, ROBOT_NODES, limit)


def _scpi_wire(address: Address, limit: float) -> Wire:
    from instruments.transports.scpi import ScpiWire
    from instruments.transports.tester_commands import TESTER_COMMANDS

    return ScpiWire(address, TESTER_COMMANDS, limit)


MODBUS_DISPENSER = Driver(
    name="modbus_dispenser",
    scheme="modbus",
    traits=Traits(holds_token=True, in_flight=IN_FLIGHT),
    units={"volume": "µL"},
    acts=_DISPENSING,
    signals=frozenset({"halt", "status"}),
    wire=_modbus_wire,
    device="instruments.devices.modbus_dispenser:ModbusDispenser",
    limit_signals=("low", "high"),
    gauges={"running": Gauge("status")},
)

MODBUS_COATER = Driver(
    name="modbus_coater",
    scheme="modbus",
    traits=Traits(holds_token=True, in_flight=IN_FLIGHT),
    units={"speed": "1/min", "duration": "s"},
    acts={"coat": _COAT},
    signals=frozenset({"halt", "status"}),
    wire=_modbus_wire,
    device="instruments.devices.modbus_coater:ModbusCoater",
    limit_signals=("low", "high"),
    gauges={"running": Gauge("status")},
)

EPICS_DISPENSER = Driver(
    name="epics_dispenser",
    scheme="ca",
    traits=Traits(holds_token=True, in_flight=IN_FLIGHT),
    units={"volume": "µL"},
    acts=_DISPENSING,
    signals=frozenset({"HALT", "STATUS"}),
    wire=_channel_access_wire,
    device="instruments.devices.epics_dispenser:EpicsDispenser",
    prepare=search_at,
    limit_signals=("LOW", "HIGH"),
    gauges={"running": Gauge("STATUS")},
)

OPCUA_ROBOT = Driver(
    name="opcua_robot",
    scheme="opc.tcp",
    traits=Traits(holds_token=True, in_flight=IN_FLIGHT),
    units={},
    acts={"transfer": _TRANSFER},
    signals=frozenset({"Halt", "Status"}),
    wire=_opcua_wire,
    device="instruments.devices.opcua_robot:OpcUaRobot",
    gauges={"running": Gauge("Status")},
)

SCPI_TESTER = Driver(
    name="scpi_tester",
    scheme="scpi",
    # A soak ages the film, yet the recorded value of a blend is what is replayed: the class may measure again.
    traits=Traits(holds_token=True, repeatable=True, interruptible=True, in_flight=IN_FLIGHT),
    units={"exposure": "s"},
    acts={"soak": _SOAK},
    signals=frozenset({"LAMP", "STAT"}),
    wire=_scpi_wire,
    device="instruments.devices.scpi_tester:ScpiTester",
    gauges={"running": Gauge("STAT"), "lamp": Gauge("LAMP")},
)
