"""Devices in one loop, and a RunEngine for each that acts."""

import asyncio
from contextlib import suppress

import pytest

from instruments.devices.modbus_dispenser import ModbusDispenser
from instruments.errors import ActuationUnknownError
from instruments.motions import MotionBoard
from instruments.plan_runner import ActInHand, EngineSetup
from instruments.programs import Start
from instruments.rig import Rig
from tests.instrument_stand import ABOUT, SETTINGS, new_vial, open_gate, open_stand
from tests.simulated_world import START, token


async def _rig(stand, agent="line_a"):
    setup = EngineSetup(stand.lab, agent, 1, stand.folder / "documents", SETTINGS)
    return await asyncio.to_thread(Rig, setup, stand.intents, stand.clock, asyncio.get_running_loop(), MotionBoard())


async def _close(rig):
    await asyncio.to_thread(rig.close)
    await asyncio.to_thread(rig.end)


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "dispenser_a", "coater_a") as opened:
        yield opened


async def test_each_instrument_has_one_run_engine_and_all_share_one_loop(stand):
    rig = await _rig(stand)
    dispenser, coater = [await asyncio.to_thread(rig.runner, name) for name in ("dispenser_a", "coater_a")]
    assert dispenser is rig.runner("dispenser_a")
    assert dispenser is not coater
    assert dispenser.loop is coater.loop
    assert set(rig.devices) == {"dispenser_a", "coater_a"}
    await _close(rig)


async def test_the_end_of_a_plan_stops_no_device_whatever_its_class_does(stand, monkeypatch):
    stopped = []

    async def stop(self, success=True):
        stopped.append(self.name)

    monkeypatch.setattr(ModbusDispenser, "stop", stop)
    rig = await _rig(stand)
    hand = ActInHand(new_vial(), 0, Start(token(1), 1), open_gate, ABOUT, START)
    runner = rig.runner("dispenser_a")
    running = asyncio.create_task(asyncio.to_thread(runner.run, hand))
    while not running.done():
        await stand.finish()
        await asyncio.sleep(0.01)
    await running
    await _close(rig)
    assert stopped == []


async def test_runs_that_a_dead_process_left_open_are_closed_before_anything_runs(stand):
    folder = stand.folder / "documents"
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread((folder / "0123456789abcdef_x.open").write_bytes, b"")
    rig = await _rig(stand)
    left = await asyncio.to_thread(lambda: [path.suffix for path in folder.iterdir()])
    assert left == [".jsonl"]
    await _close(rig)


async def test_a_task_that_swallows_a_cancellation_keeps_no_rig_from_ending(stand):
    """As one does whose own wait ends in the same turn."""
    rig = await _rig(stand)

    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    left = rig.submit(stubborn())
    await _close(rig)
    assert left.cancelled()


async def test_no_device_is_let_go_of_while_a_plan_may_ask_it(stand, monkeypatch):
    """It would connect again, and nobody would close that connection."""
    let_go = []

    async def disconnect(self):
        let_go.append(self.name)
        await self.connection.close()

    monkeypatch.setattr(ModbusDispenser, "disconnect", disconnect)
    rig = await _rig(stand)
    hand = ActInHand(new_vial(), 0, Start(token(1), 1), open_gate, ABOUT, START)
    running = asyncio.create_task(asyncio.to_thread(rig.runner("dispenser_a").run, hand))
    await stand.has_started(token(1))
    await asyncio.to_thread(rig.close)
    assert let_go == []
    with suppress(ActuationUnknownError):
        await running
    await asyncio.to_thread(rig.end)
    assert let_go == ["dispenser_a"]
