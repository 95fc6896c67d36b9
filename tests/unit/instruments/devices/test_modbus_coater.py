"""The Modbus coater's registers, as its page says."""

import struct

from instruments.devices.modbus_coater import ModbusCoater
from instruments.programs import Program
from tests.paper_wire import PaperWire, on_paper

COAT = Program("00" * 8, 2, "coat", {"speed": 1500.0, "duration": 45.0})


def _floats(*values):
    return struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))


async def test_a_coat_is_one_write_and_its_spin_is_read_as_executed():
    wire = PaperWire(verdict=(0, 0, 0, 0, 0), answer=(2, 0, *_floats(1499.5, 45.5)))
    device = ModbusCoater(on_paper("coater_a", wire))
    await device.set(COAT)
    assert wire.written == [("program", (0, 0, 0, 0, 0, 2, 1, 0, *_floats(1500.0, 45.0)))]
    read = await device.read()
    assert {name: value["value"] for name, value in read.items()} == {
        "coater_a-speed": 1499.5,
        "coater_a-duration": 45.5,
    }
