"""What plans may not do, and how they sleep."""

import asyncio
from datetime import timedelta

import pytest
from bluesky import Msg

from instruments.errors import ActuationUnknownError, DocumentsError, PlanError
from instruments.motions import MotionBoard
from instruments.plan_runner import ActInHand, EngineSetup
from instruments.plans import dispensing
from instruments.plans.acting import GROUP, act
from instruments.programs import Start
from instruments.rig import Rig
from tests.instrument_stand import ABOUT, SETTINGS, new_vial, open_gate, open_stand
from tests.simulated_world import START, token


@pytest.fixture
async def stand(tmp_path):
    async with open_stand(tmp_path, "dispenser_a") as opened:
        yield opened


@pytest.fixture
async def runner(stand):
    setup = EngineSetup(stand.lab, "line_a", 1, stand.folder / "documents", SETTINGS)
    loop = asyncio.get_running_loop()
    rig = await asyncio.to_thread(Rig, setup, stand.intents, stand.clock, loop, MotionBoard())
    yield rig.runner("dispenser_a")
    await asyncio.to_thread(rig.close)
    await asyncio.to_thread(rig.end)


def _hand(number=1):
    return ActInHand(new_vial(), 0, Start(token(number), 1), open_gate, ABOUT, START)


async def _run(stand, runner, hand):
    """Run it while programs end by themselves."""
    running = asyncio.create_task(asyncio.to_thread(runner.run, hand))
    while not running.done():
        await stand.finish()
        await asyncio.sleep(0.01)
    return await running


async def test_a_plan_that_dances_twice_is_refused_after_its_first_actuation_has_ended(stand, runner, monkeypatch):
    def greedy(device, start):
        yield Msg("open_run")
        yield Msg("set", device, start.program("new_vial"), group=GROUP)
        yield Msg("set", device, start.program("new_vial"), group=GROUP)

    monkeypatch.setattr(dispensing, "new_vial", greedy)
    with pytest.raises(PlanError, match="second actuation"):
        await _run(stand, runner, _hand())
    assert stand.intents.of(token(1)) == ["intend", "done"]
    assert await stand.executed(token(1)) == 1


async def test_a_plan_that_forgets_to_wait_is_waited_for(stand, runner, monkeypatch):
    def hasty(device, start):
        yield Msg("open_run")
        yield Msg("set", device, start.program("new_vial"), group=GROUP)
        yield Msg("close_run", exit_status=None, reason=None)

    monkeypatch.setattr(dispensing, "new_vial", hasty)
    with pytest.raises(PlanError, match="without waiting"):
        await _run(stand, runner, _hand())
    assert stand.intents.of(token(1)) == ["intend", "done"]


async def test_a_sleep_in_a_plan_is_laboratory_time(stand, runner, monkeypatch):
    def slow(device, start):
        yield Msg("sleep", None, 3600.0)
        yield from act(device, start, start.program("new_vial"), has_results=False)

    monkeypatch.setattr(dispensing, "new_vial", slow)
    running = asyncio.create_task(asyncio.to_thread(runner.run, _hand()))
    await asyncio.sleep(0.1)
    assert not running.done()
    assert await stand.executed(token(1)) == 0
    stand.clock.set(START + timedelta(hours=1))
    await stand.has_started(token(1))
    await stand.finish()
    await running


async def test_a_disk_that_takes_no_documents_is_found_out_before_anything_moves(stand, runner):
    await asyncio.to_thread((stand.folder / "documents").rmdir)
    with pytest.raises(DocumentsError, match="Free the disk"):
        await _run(stand, runner, _hand())
    assert stand.intents.of(token(1)) == []
    assert await stand.executed(token(1)) == 0


async def test_closing_leaves_the_intent_open_and_the_instrument_at_work(stand, runner):
    running = asyncio.create_task(asyncio.to_thread(runner.run, _hand()))
    await stand.has_started(token(1))
    await asyncio.to_thread(runner.close)
    with pytest.raises(ActuationUnknownError, match="Ask the instrument"):
        await running
    assert stand.intents.of(token(1)) == ["intend"]
    assert stand.simulated.floor.instruments["dispenser_a"].running is not None
