"""What the EPICS instruments have in common: their words."""

import asyncio

import pytest

from instruments.addresses import parse_address
from instruments.devices import epics
from instruments.devices.device import DeviceSetup
from instruments.drivers import load_object
from instruments.errors import TransportError
from instruments.programs import Program
from lab_agents.settings import Settings
from tests.instrument_stand import open_stand
from tests.paper_wire import DRIVERS
from tests.simulated_world import token


async def test_an_instrument_that_is_not_there_is_a_transport_error(tmp_path, monkeypatch):
    monkeypatch.setattr(epics, "SEARCH", 0.5)
    async with open_stand(tmp_path, "dispenser_b") as stand:
        declaration = stand.lab.instruments["dispenser_b"]
        here = parse_address(declaration.address)
        moved = declaration.model_copy(update={"address": f"ca://127.0.0.1:{here.port}/NOBODY:"})
        setup = DeviceSetup("dispenser_b", moved, DRIVERS["epics_dispenser"], Settings(request=0.5))
        device = await asyncio.to_thread(lambda: load_object(setup.driver.device)(setup))
        with pytest.raises(TransportError, match="NOBODY: did not answer connecting"):
            await device.connect_wire()
        with pytest.raises(TransportError, match="did not answer connecting") as error:
            await device.send(Program(token(1), 1, "new_vial"))
        assert not error.value.sent
        with pytest.raises(TransportError, match="no number LOWEST"):
            await device.look("LOWEST")
        await device.disconnect()
