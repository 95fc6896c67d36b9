"""The registers of the Modbus instruments, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.modbus import Register, register

_ALWAYS: Mapping[str, Register] = {
    "model": register(0),
    "firmware": register(1),
    "status": register(2),
    "error": register(3),
    "last_token": register(4, "token"),
    # Error and token of the last start in one request, so that they belong together.
    "verdict": register(3, "block", words=5),
    "epoch_seen": register(8, "long"),
    "halt": register(10),
    "low": register(40, "float"),
    "high": register(42, "float"),
}

_SENSORS: Mapping[str, Register] = {
    "dryness": register(60, "float"),
    "door": register(62, "float"),
    "extraction": register(64, "float"),
}

PROGRAM_REGISTERS: Mapping[str, Register] = MappingProxyType(
    {
        **_ALWAYS,
        # State and both results in one request, about a token written on the same connection.
        "answer": register(24, "block", words=6, about=20),
        "program": register(100, "block", words=12),
    }
)
"""Of the dispenser and the coater."""

HOTPLATE_REGISTERS: Mapping[str, Register] = MappingProxyType(
    {**PROGRAM_REGISTERS, **_SENSORS, "temperature": register(66, "float")}
)
"""Of one position of a hotplate."""

SPIN_REGISTERS: Mapping[str, Register] = MappingProxyType(
    {
        **_ALWAYS,
        **_SENSORS,
        "substrates": register(68, "float"),
        "answer": register(24, "block", words=8, about=20),
        "program": register(100, "block", words=14),
    }
)
"""Of the spin coater: three numbers in, three out."""
