"""The SCPI commands of the light-soak tester, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.scpi import ScpiCommand

TESTER_COMMANDS: Mapping[str, ScpiCommand] = MappingProxyType(
    {
        "SOAK:START": ScpiCommand(write="SOAK:START {value}", has_verdict=True),
        "SOAK:STATE": ScpiCommand(query='SOAK:STATE? "{token}"'),
        "TRACE:TIME": ScpiCommand(query='TRACE:TIME? "{token}"', answer="numbers"),
        "TRACE:DATA": ScpiCommand(query='TRACE:DATA? "{token}"', answer="numbers"),
        "CAL:SCALE": ScpiCommand(query="CAL:SCALE?", answer="numbers"),
        "CAL:TAU": ScpiCommand(query="CAL:TAU?"),
        "LAMP": ScpiCommand(query="LAMP?", write="LAMP {value}"),
        "STAT": ScpiCommand(query="STAT?"),
    }
)
