"""What every device of the package promises the engine."""

from instruments.devices.device import ProgramDevice
from instruments.devices.modbus_coater import ModbusCoater
from instruments.running import PATIENCE
from tests.paper_wire import PaperWire, on_paper


async def test_a_device_is_what_the_engine_drives():
    wire = PaperWire(status=1, low=100.0, high=6000.0)
    device = ModbusCoater(on_paper("coater_a", wire))
    assert isinstance(device, ProgramDevice)
    await device.connect_wire()
    assert wire.opened == 1
    assert await device.look("status") == 1.0


async def test_stop_writes_nothing():
    wire = PaperWire()
    await ModbusCoater(on_paper("coater_a", wire)).stop(success=False)
    assert wire.written == []


def test_patience_comes_from_the_lab_file():
    setup = on_paper("coater_a", PaperWire())
    assert setup.pace.patience == 0.05
    plain = setup.declaration.model_copy(update={"settings": {}})
    assert type(setup)(setup.name, plain, setup.driver, setup.settings).pace.patience == PATIENCE
