"""What each SCPI instrument calls its program, its switch and its lists of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Dialect:
    """The words of one kind of instrument. With several slots every header begins with `SLOT<n>:`.

    Attributes:
        identity: The answer to `*IDN?`.
        program: Header of the program: `<program>:START "<token>",<epoch>,<numbers>` and `<program>:STATE? "<token>"`.
        command: The program's name in the ledger.
        asks: Its set-points, in the order of the line.
        switch: Header of what is on while a program runs; writing 0 halts.
        told: Header of a query about a token → the record's list that answers it.
        constants: Header of a query → the instrument's constant that answers it.
        has_slots: Whether several instruments share the connection.
    """

    identity: str
    program: str
    command: str
    asks: tuple[str, ...]
    switch: str
    told: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    has_slots: bool = False


DIALECTS: Mapping[str, Dialect] = {
    "scpi_tester": Dialect(
        identity="Lab Agents,LST-1,0,1",
        program="SOAK",
        command="soak",
        asks=("exposure",),
        switch="LAMP",
        told={"TRACE:TIME": "time", "TRACE:DATA": "transmission"},
        constants={"CAL:SCALE": "scale", "CAL:TAU": "tau"},
    ),
    "scpi_spectrometer": Dialect(
        identity="Lab Agents,UVS-1,0,1",
        program="SPEC",
        command="spectrum",
        asks=("averages",),
        switch="SHUT",
        told={"TRACE:WAVE": "wavelength", "TRACE:TRAN": "transmittance"},
    ),
    "scpi_lamp": Dialect(
        identity="Lab Agents,LSL-4,0,1",
        program="EXP",
        command="illuminate",
        asks=("suns", "duration"),
        switch="OUTP",
        told={"TRACE:TIME": "time", "TRACE:IRR": "irradiance"},
        has_slots=True,
    ),
    "scpi_probe": Dialect(
        identity="Lab Agents,FPP-1,0,1",
        program="SWE",
        command="sweep",
        asks=("current", "points"),
        switch="OUTP",
        told={"TRACE:CURR": "current", "TRACE:VOLT": "voltage"},
        constants={"HEAD:SPAC": "spacing", "SOUR:COMP": "compliance"},
    ),
}
"""Driver name → the words of its instruments."""
