"""The EPICS dispenser's own behaviour; the instruments' contract tries the rest."""

import asyncio

import pytest

from instruments.devices.device import DeviceSetup, ProgramDevice
from instruments.drivers import load_object
from instruments.errors import TransportError
from instruments.programs import Program, StartCode, TokenState
from tests.instrument_stand import SETTINGS, open_stand
from tests.paper_wire import DRIVERS
from tests.simulated_world import token


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "dispenser_b") as opened:
        yield opened


async def connected(stand):
    declaration = stand.lab.instruments["dispenser_b"]
    setup = DeviceSetup("dispenser_b", declaration, DRIVERS["epics_dispenser"], SETTINGS)
    # Loaded here: with ophyd comes the client library, which then knows where the stand will listen.
    made = await asyncio.to_thread(lambda: load_object(setup.driver.device)(setup))
    await made.connect_wire()
    return made


@pytest.fixture
async def device(stand):
    made = await connected(stand)
    yield made
    await made.disconnect()


async def test_a_dose_is_one_text_and_is_read_like_any_ophyd_device(stand, device):
    assert isinstance(device, ProgramDevice)
    assert await device.send(Program(token(1), 1, "dose", {"channel": 2, "volume": 20.0})) is StartCode.BLOCKED
    assert await device.send(Program(token(2), 1, "new_vial")) is StartCode.ACCEPTED
    assert (await device.ask(Program(token(2), 1, "new_vial"))).state is TokenState.RUNNING
    assert await device.look("STATUS") == 1.0
    await stand.finish()
    status = device.set(Program(token(3), 1, "dose", {"channel": 2, "volume": 20.0}))
    await stand.has_started(token(3))
    assert not status.done
    await stand.finish()
    await asyncio.to_thread(status.wait, 5)
    read = {name.removeprefix("dispenser_b_"): value["value"] for name, value in device.read().items()}
    assert (read["channel"], read["asked"], read["deviation"]) == (2, 20.0, 0.05)
    assert read["delivered"] == pytest.approx(20.0, abs=1.0)


async def test_a_process_variable_that_is_no_number_is_not_looked_at(device):
    with pytest.raises(TransportError, match="no number PROGRAM"):
        await device.look("PROGRAM")


async def test_a_refused_program_fails_its_status_with_the_reason(device):
    status = device.set(Program(token(1), 1, "dose", {"channel": 2, "volume": 3.0}))
    while not status.done:
        await asyncio.sleep(0.01)
    assert "below the smallest, 5 µL" in str(status.exception())


@pytest.mark.parametrize("before", ["last_token", "error"])
async def test_the_verdict_on_anothers_start_is_not_taken_for_ones_own(stand, device, monkeypatch, before):
    """The other one is refused as busy, and the first would be believed not to have started."""
    first, second = Program(token(1), 1, "new_vial"), Program(token(2), 1, "new_vial")
    other, loop, read = await connected(stand), asyncio.get_running_loop(), getattr(device, before).get
    said = []

    def read_late(**limit):
        if not said:
            said.append(asyncio.run_coroutine_threadsafe(other.send(second), loop).result())
        return read(**limit)

    monkeypatch.setattr(getattr(device, before), "get", read_late)
    with pytest.raises(TransportError, match="another client was faster") as error:
        await device.send(first)
    assert (said, error.value.sent) == ([StartCode.BUSY], True)
    assert (await device.ask(first)).state is TokenState.RUNNING
    await other.disconnect()
