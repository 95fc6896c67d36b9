"""The Modbus dispenser's registers, as its page says."""

import struct

import pytest

from instruments.devices.modbus_dispenser import ModbusDispenser
from instruments.errors import InterlockError, TransportError
from instruments.programs import Program, StartCode, TokenState
from tests.paper_wire import PaperWire, on_paper

TOKEN = "0123456789abcdef"
WORDS = (0x0123, 0x4567, 0x89AB, 0xCDEF)
DOSE = Program(TOKEN, 70_000, "dose", {"channel": 3, "volume": 20.5})


def _floats(*values):
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


def _device(**answers):
    wire = PaperWire(**answers)
    return ModbusDispenser(on_paper("dispenser_a", wire)), wire


async def test_a_dose_is_one_write_of_twelve_registers():
    device, wire = _device(verdict=(0, *WORDS))
    assert await device.send(DOSE) is StartCode.ACCEPTED
    assert wire.written == [("program", (*WORDS, 1, 4464, 2, 3, *_floats(20.5, 0.0)))]


async def test_a_new_vial_has_no_channel_and_no_volume():
    device, wire = _device(verdict=(3, *WORDS))
    assert await device.send(Program(TOKEN, 1, "new_vial")) is StartCode.BLOCKED
    assert wire.written == [("program", (*WORDS, 0, 1, 1, 0, 0, 0, 0, 0))]


async def test_a_verdict_of_another_token_is_none():
    device, _ = _device(verdict=(0, 1, 2, 3, 4))
    with pytest.raises(TransportError, match="answers for token 0001000200030004") as error:
        await device.send(DOSE)
    assert error.value.sent


async def test_the_answer_about_a_done_dose_holds_what_was_delivered():
    device, wire = _device(answer=(2, 0, *_floats(20.25, 0.05)))
    answer = await device.ask(DOSE)
    assert answer.state is TokenState.DONE
    assert answer.readings == {"delivered": 20.25, "deviation": pytest.approx(0.05)}
    assert wire.asked == [("answer", TOKEN)]


async def test_a_dose_can_be_read_after_it_was_kept():
    device, _ = _device(verdict=(0, *WORDS), answer=[(1, 0, 0, 0, 0, 0), (2, 0, *_floats(20.25, 0.05))])
    await device.set(DOSE)
    read = {name.removeprefix("dispenser_a-"): value["value"] for name, value in (await device.read()).items()}
    assert read == {"channel": 3, "asked": 20.5, "delivered": 20.25, "deviation": pytest.approx(0.05)}
    assert (await device.describe())["dispenser_a-asked"]["units"] == "µL"


async def test_the_device_itself_refuses_what_is_outside_its_limits():
    device, wire = _device(verdict=(0, *WORDS))
    with pytest.raises(InterlockError):
        await device.set(Program(TOKEN, 1, "dose", {"channel": 1, "volume": 100.01}))
    assert wire.written == []
