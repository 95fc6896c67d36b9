"""The registers of the Modbus dispenser and coater, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.modbus import Register, register

PROGRAM_REGISTERS: Mapping[str, Register] = MappingProxyType(
    {
        "model": register(0),
        "firmware": register(1),
        "status": register(2),
        "error": register(3),
        "last_token": register(4, "token"),
        # Error and token of the last start in one request, so that they belong together.
        "verdict": register(3, "block", words=5),
        "epoch_seen": register(8, "long"),
        "halt": register(10),
        # State and both results in one request, about a token written on the same connection.
        "answer": register(24, "block", words=6, about=20),
        "low": register(40, "float"),
        "high": register(42, "float"),
        "program": register(100, "block", words=12),
    }
)
