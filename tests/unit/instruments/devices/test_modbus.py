"""What both Modbus devices have in common."""

import pytest

from instruments.devices.modbus_coater import ModbusCoater
from instruments.errors import TransportError
from instruments.programs import Program, TokenState
from tests.paper_wire import PaperWire, on_paper

COAT = Program("00" * 8, 2, "coat", {"speed": 1500.0, "duration": 45.0})


async def test_results_of_a_program_that_is_not_done_are_not_read():
    device = ModbusCoater(on_paper("coater_a", PaperWire(answer=(1, 0, 1, 2, 3, 4))))
    answer = await device.ask(COAT)
    assert (answer.state, dict(answer.readings)) == (TokenState.RUNNING, {})


async def test_nonsense_on_the_wire_is_a_transport_error():
    device = ModbusCoater(on_paper("coater_a", PaperWire(answer=(9, 0, 0, 0, 0, 0), verdict="hello")))
    with pytest.raises(TransportError, match="state 9"):
        await device.ask(COAT)
    with pytest.raises(TransportError, match="no block of registers"):
        await device.send(COAT)


async def test_halt_is_one_write():
    wire = PaperWire()
    device = ModbusCoater(on_paper("coater_a", wire))
    await device.halt()
    assert wire.written == [("halt", 1.0)]
