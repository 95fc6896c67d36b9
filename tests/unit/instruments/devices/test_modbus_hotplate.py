"""A hotplate's registers, as its page says."""

import struct

from instruments.devices.modbus_hotplate import ModbusHotplate
from instruments.programs import Program, StartCode
from tests.paper_wire import PaperWire, on_paper
from tests.thin_film_stand import thin_film

LAB = thin_film()
WORDS = (0x0123, 0x4567, 0x89AB, 0xCDEF)
ANNEAL = Program("0123456789abcdef", 1, "anneal", {"temperature": 110.0, "duration": 600.0})


def _floats(*values):
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


async def test_an_anneal_is_one_write_of_twelve_registers():
    wire = PaperWire(verdict=(2, *WORDS))
    assert await ModbusHotplate(on_paper("hotplate_a_2", wire, LAB)).send(ANNEAL) is StartCode.LIMIT
    assert wire.written == [("program", (*WORDS, 0, 1, 1, 0, *_floats(110.0, 600.0)))]


async def test_the_hold_as_executed_can_be_read():
    answers = PaperWire(verdict=(0, *WORDS), answer=(2, 0, *_floats(109.5, 600.0)))
    plate = ModbusHotplate(on_paper("hotplate_a_2", answers, LAB))
    await plate.set(ANNEAL)
    read = {name: value["value"] for name, value in (await plate.read()).items()}
    assert read == {"hotplate_a_2-temperature": 109.5, "hotplate_a_2-duration": 600.0}
