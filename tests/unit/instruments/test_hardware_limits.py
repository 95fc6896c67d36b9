"""Hardware limits are narrowed to the lab file's, never widened."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers import load_driver
from instruments.errors import TransportError
from instruments.hardware_limits import agree, tighten_limits
from lab_agents.records.laboratory import InstrumentDeclaration, Limit

DRIVER = load_driver("modbus_dispenser")
DECLARED = InstrumentDeclaration(
    driver="modbus_dispenser",
    address="modbus://127.0.0.1:502",
    limits={"volume": Limit(lower=1.0, upper=100.0, unit="µL")},
)


class Hardware:
    """Two registers that keep 32-bit floats."""

    def __init__(self, low: float, high: float, *, is_deaf: bool = False) -> None:
        self.limits = {"low": low, "high": high}
        self.written: list[str] = []
        self._is_deaf = is_deaf

    async def look(self, signal: str) -> float:
        """Read."""
        return self.limits[signal]

    async def put(self, signal: str, value: float) -> None:
        """Write."""
        self.written.append(signal)
        if not self._is_deaf:
            self.limits[signal] = struct.unpack(">f", struct.pack(">f", value))[0]


async def tightened(hardware: Hardware, declared: InstrumentDeclaration = DECLARED) -> Hardware:
    """After a process has connected."""
    await tighten_limits("dispenser_a", declared, DRIVER, hardware.look, hardware.put)
    return hardware


@given(st.floats(0, 200, width=32), st.floats(0, 200, width=32))
async def test_whatever_stood_there_is_within_the_lab_file_afterwards(low, high):
    hardware = await tightened(Hardware(low, high))
    assert hardware.limits["low"] == max(low, 1.0) or agree(hardware.limits["low"], 1.0)
    assert hardware.limits["high"] == min(high, 100.0) or agree(hardware.limits["high"], 100.0)


async def test_what_agrees_is_not_written_again():
    limits = {"volume": Limit(lower=0.1, upper=100.3, unit="µL")}
    hardware = await tightened(Hardware(0.0, 500.0), DECLARED.model_copy(update={"limits": limits}))
    assert hardware.written == ["low", "high"]
    await tightened(hardware, DECLARED.model_copy(update={"limits": limits}))
    assert hardware.written == ["low", "high"]


async def test_hardware_that_does_not_take_a_limit_is_named():
    with pytest.raises(TransportError, match="dispenser_a does not take 100 as its limit high of volume; it says 500"):
        await tightened(Hardware(1.0, 500.0, is_deaf=True))


async def test_an_instrument_without_limits_of_its_own_is_left_alone():
    hardware = Hardware(0.0, 500.0)
    await tighten_limits("robot", DECLARED, load_driver("opcua_robot"), hardware.look, hardware.put)
    assert hardware.written == []
