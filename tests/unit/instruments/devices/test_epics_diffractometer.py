"""The diffractometer's own behaviour; the instruments' contract tries the rest."""

import asyncio

import pytest

from instruments.devices.device import DeviceSetup, ProgramDevice
from instruments.drivers import load_object
from instruments.errors import MissingDataError
from instruments.programs import Answer, Program, StartCode, TokenState
from simulators.errors import ErrorNumber
from tests.instrument_stand import SETTINGS
from tests.paper_wire import DRIVERS
from tests.simulated_world import token
from tests.thin_film_stand import ARGUMENTS, open_stand, order


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "robot", "xrd") as opened:
        yield opened


@pytest.fixture
async def device(stand):
    setup = DeviceSetup("xrd", stand.lab.instruments["xrd"], DRIVERS["epics_diffractometer"], SETTINGS)
    made = await asyncio.to_thread(lambda: load_object(setup.driver.device)(setup))
    await made.connect_wire()
    yield made
    await made.disconnect()


async def test_a_scan_is_one_text_and_its_pattern_is_read_like_any_ophyd_device(stand, device):
    assert isinstance(device, ProgramDevice)
    scan = Program(token(2), 1, "scan", ARGUMENTS["scan"])
    assert await device.send(scan) is StartCode.BLOCKED
    carried = order(1, "transfer", source="rack_120", target="xrd_stage")
    assert await stand.simulated.floor.start("robot", carried) is ErrorNumber.NONE
    await stand.finish()
    status = device.set(Program(token(3), 1, "scan", ARGUMENTS["scan"]))
    await stand.has_started(token(3))
    assert await device.look("STATUS") == 1.0
    await stand.finish()
    await asyncio.to_thread(status.wait, 5)
    read = {name.removeprefix("xrd_"): value["value"] for name, value in device.read().items()}
    assert (read["start"], read["step"], read["time_per_step"], read["n_points"]) == (8.0, 0.02, 0.5, 1851)
    assert len(read["counts"]) == 1851
    assert list(read["wavelengths"]) == [1.540593, 1.544414]
    with pytest.raises(MissingDataError, match="holds 1 of 1851 counts"):
        await device.keep(Program(token(4), 1, "scan", ARGUMENTS["scan"]), Answer(TokenState.DONE))
