"""The drivers of a thin-film laboratory; their wire protocols stand in docs/instruments-wire.md."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.builtin import IN_FLIGHT
from instruments.drivers import ActDeclaration, Driver, Gauge, lazy_wire
from instruments.programs import Traits
from instruments.transports.ca_search import search_at

_MODBUS = "instruments.transports.modbus:ModbusWire"
_SCPI = "instruments.transports.scpi:ScpiWire"
_MAKES = Traits(holds_token=True, in_flight=IN_FLIGHT)
"""What makes something keeps its tokens, and must not be halted or repeated."""
_LOOKS = Traits(holds_token=True, repeatable=True, interruptible=True, in_flight=IN_FLIGHT)
"""What only looks may look again."""
_GLOVEBOX: Mapping[str, Gauge] = MappingProxyType(
    {"dryness": Gauge("dryness", "ppm"), "door": Gauge("door"), "extraction": Gauge("extraction")}
)
"""What the sensors beside an instrument say: ppm of water; 1 for a door that is open and an extraction that runs."""

OPCUA_HANDLER = Driver(
    name="opcua_handler",
    scheme="opc.tcp",
    traits=_MAKES,
    units={"volume": "µL", "total": "µL"},
    acts={"mix": ActDeclaration("instruments.plans.making:mix", {"vial": "place", "volumes": "mixture"})},
    signals=frozenset({"Halt", "Status"}),
    wire=lazy_wire("instruments.transports.opcua:OpcUaWire", "instruments.transports.handler_nodes:HANDLER_NODES"),
    device="instruments.devices.opcua_handler:OpcUaHandler",
    gauges={"running": Gauge("Status"), "tips": Gauge("Tips")},
)

MODBUS_SPIN_COATER = Driver(
    name="modbus_spin_coater",
    scheme="modbus",
    traits=_MAKES,
    units={"speed": "1/min", "duration": "s", "delay": "s"},
    acts={
        "spin": ActDeclaration(
            "instruments.plans.making:spin", {"speed": "quantity", "duration": "quantity", "delay": "quantity"}
        )
    },
    signals=frozenset({"halt", "status", "dryness", "door", "extraction"}),
    wire=lazy_wire(_MODBUS, "instruments.transports.program_registers:SPIN_REGISTERS"),
    device="instruments.devices.modbus_spin_coater:ModbusSpinCoater",
    limit_signals=("low", "high"),
    gauges={"running": Gauge("status"), **_GLOVEBOX},
)

MODBUS_HOTPLATE = Driver(
    name="modbus_hotplate",
    scheme="modbus",
    traits=_MAKES,
    units={"temperature": "°C", "duration": "s"},
    acts={
        "anneal": ActDeclaration("instruments.plans.making:anneal", {"temperature": "quantity", "duration": "quantity"})
    },
    signals=frozenset({"halt", "status", "dryness", "door", "extraction"}),
    wire=lazy_wire(_MODBUS, "instruments.transports.program_registers:HOTPLATE_REGISTERS"),
    device="instruments.devices.modbus_hotplate:ModbusHotplate",
    limit_signals=("low", "high"),
    gauges={"running": Gauge("status"), "temperature": Gauge("temperature", "°C"), **_GLOVEBOX},
)

EPICS_DIFFRACTOMETER = Driver(
    name="epics_diffractometer",
    scheme="ca",
    traits=_LOOKS,
    units={"start": "deg", "stop": "deg", "step": "deg", "time_per_step": "s"},
    acts={
        "scan": ActDeclaration(
            "instruments.plans.measuring:scan",
            {"start": "quantity", "stop": "quantity", "step": "quantity", "time_per_step": "quantity"},
            raw={
                "counts": "counts",
                "radius": "radius",
                "ratio": "ratio",
                "start": "start",
                "step": "step",
                "time_per_step": "time_per_step",
                "wavelengths": "wavelengths",
            },
        )
    },
    signals=frozenset({"HALT", "STATUS"}),
    wire=lazy_wire(
        "instruments.transports.channel_access:ChannelAccessWire",
        "instruments.transports.diffractometer_channels:DIFFRACTOMETER_CHANNELS",
    ),
    device="instruments.devices.epics_diffractometer:EpicsDiffractometer",
    prepare=search_at,
    gauges={"running": Gauge("STATUS")},
)

SCPI_SPECTROMETER = Driver(
    name="scpi_spectrometer",
    scheme="scpi",
    traits=_LOOKS,
    units={"averages": "1"},
    acts={
        "spectrum": ActDeclaration(
            "instruments.plans.measuring:spectrum",
            {"averages": "quantity"},
            raw={"transmittance": "transmittance", "wavelength": "wavelength"},
        )
    },
    signals=frozenset({"SHUT", "STAT"}),
    wire=lazy_wire(_SCPI, "instruments.transports.film_commands:SPECTROMETER_COMMANDS"),
    device="instruments.devices.scpi_spectrometer:ScpiSpectrometer",
    gauges={"running": Gauge("STAT"), "shutter": Gauge("SHUT")},
)

SCPI_LAMP = Driver(
    name="scpi_lamp",
    scheme="scpi",
    # Light ages a film: a soak cut short or made twice is another soak.
    traits=_MAKES,
    units={"suns": "1", "duration": "s"},
    acts={
        "illuminate": ActDeclaration(
            "instruments.plans.measuring:illuminate",
            {"suns": "quantity", "duration": "quantity"},
            raw={"irradiance": "irradiance", "time": "time"},
        )
    },
    signals=frozenset({"OUTP", "STAT"}),
    wire=lazy_wire(_SCPI, "instruments.transports.film_commands:LAMP_COMMANDS"),
    device="instruments.devices.scpi_lamp:ScpiLamp",
    gauges={"running": Gauge("STAT"), "output": Gauge("OUTP")},
)

SCPI_PROBE = Driver(
    name="scpi_probe",
    scheme="scpi",
    # Its tips scratch the film; a second place beside the first tells the same resistance.
    traits=_LOOKS,
    units={"current": "A", "points": "1"},
    acts={
        "sweep": ActDeclaration(
            "instruments.plans.measuring:sweep",
            {"current": "quantity", "points": "quantity"},
            raw={"compliance": "compliance", "current": "current", "spacing": "spacing", "voltage": "voltage"},
        )
    },
    signals=frozenset({"OUTP", "STAT"}),
    wire=lazy_wire(_SCPI, "instruments.transports.film_commands:PROBE_COMMANDS"),
    device="instruments.devices.scpi_probe:ScpiProbe",
    gauges={"running": Gauge("STAT"), "output": Gauge("OUTP")},
)
