"""The spin coater's registers, as its page says."""

import struct

from instruments.devices.modbus_spin_coater import ModbusSpinCoater
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
WORDS = (0x0123, 0x4567, 0x89AB, 0xCDEF)
SPIN = Program("0123456789abcdef", 1, "spin", {"speed": 4000.0, "duration": 40.0, "delay": 15.0})


def _floats(*values):
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


async def test_a_spin_is_one_write_of_fourteen_registers():
    wire = PaperWire(verdict=(0, *WORDS))
    assert await ModbusSpinCoater(on_paper("spin_a", wire, LAB)).send(SPIN) is StartCode.ACCEPTED
    assert wire.written == [("program", (*WORDS, 0, 1, 1, 0, *_floats(4000.0, 40.0, 15.0)))]


async def test_the_spin_as_executed_can_be_read():
    coater = ModbusSpinCoater(
        on_paper("spin_a", PaperWire(verdict=(0, *WORDS), answer=(2, 0, *_floats(4010.0, 40.0, 0.0))), LAB)
    )
    await coater.set(SPIN)
    read = {name: value["value"] for name, value in (await coater.read()).items()}
    assert read == {"spin_a-speed": 4010.0, "spin_a-duration": 40.0, "spin_a-delay": 0.0}


async def test_its_sensors_are_read_for_interlocks():
    coater = ModbusSpinCoater(on_paper("spin_a", PaperWire(dryness=0.5, door=1.0, extraction=1.0), LAB))
    assert [await coater.look(signal) for signal in ("dryness", "door", "extraction")] == [0.5, 1.0, 1.0]
