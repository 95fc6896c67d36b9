"""The SCPI commands of spectrometer, lamp and probe, as docs/instruments-wire.md names them."""

from collections.abc import Mapping
from types import MappingProxyType

from instruments.transports.scpi import ScpiCommand

SPECTROMETER_COMMANDS: Mapping[str, ScpiCommand] = MappingProxyType(
    {
        "SPEC:START": ScpiCommand(write="SPEC:START {value}", has_verdict=True),
        "SPEC:STATE": ScpiCommand(query='SPEC:STATE? "{token}"'),
        "TRACE:WAVE": ScpiCommand(query='TRACE:WAVE? "{token}"', answer="numbers"),
        "TRACE:TRAN": ScpiCommand(query='TRACE:TRAN? "{token}"', answer="numbers"),
        "SHUT": ScpiCommand(query="SHUT?", write="SHUT {value}"),
        "STAT": ScpiCommand(query="STAT?"),
    }
)

LAMP_COMMANDS: Mapping[str, ScpiCommand] = MappingProxyType(
    {
        "EXP:START": ScpiCommand(write="SLOT{slot}:EXP:START {value}", has_verdict=True),
        "EXP:STATE": ScpiCommand(query='SLOT{slot}:EXP:STATE? "{token}"'),
        "TRACE:TIME": ScpiCommand(query='SLOT{slot}:TRACE:TIME? "{token}"', answer="numbers"),
        "TRACE:IRR": ScpiCommand(query='SLOT{slot}:TRACE:IRR? "{token}"', answer="numbers"),
        "OUTP": ScpiCommand(query="SLOT{slot}:OUTP?", write="SLOT{slot}:OUTP {value}"),
        "STAT": ScpiCommand(query="SLOT{slot}:STAT?"),
    }
)

PROBE_COMMANDS: Mapping[str, ScpiCommand] = MappingProxyType(
    {
        "SWE:START": ScpiCommand(write="SWE:START {value}", has_verdict=True),
        "SWE:STATE": ScpiCommand(query='SWE:STATE? "{token}"'),
        "TRACE:CURR": ScpiCommand(query='TRACE:CURR? "{token}"', answer="numbers"),
        "TRACE:VOLT": ScpiCommand(query='TRACE:VOLT? "{token}"', answer="numbers"),
        "HEAD:SPAC": ScpiCommand(query="HEAD:SPAC?"),
        "SOUR:COMP": ScpiCommand(query="SOUR:COMP?"),
        "OUTP": ScpiCommand(query="OUTP?", write="OUTP {value}"),
        "STAT": ScpiCommand(query="STAT?"),
    }
)
