"""What every instrument driver must do. Subclass `InstrumentContract` with a fixture `candidate` to try yours.

class TestMyFurnace(InstrumentContract):
@pytest.fixture
async def candidate(self, tmp_path):
async with my_furnace(tmp_path) as furnace:
yield furnace
"""

import asyncio

import pytest
from bluesky.utils import maybe_await

from instruments.drivers import load_driver
from instruments.errors import ActuationFailedError, InterlockError, MotionRefusedError
from instruments.programs import TokenState
from tests.contracts.declared import (
    ABOUT,
    FIRST,
    SECOND,
    Candidate,
    begin,
    check_declared,
    make_device,
    open_gate,
)

__all__ = ["Candidate", "InstrumentContract"]


def _shut() -> None:
    raise MotionRefusedError("The permit is lost.")


class InstrumentContract:
    """The rules, one test each."""

    async def test_an_act_moves_once_and_brings_its_readings_back(self, candidate):
        """The status ends when the program has ended."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        assert not waiting.done()
        await candidate.finish()
        result = await waiting
        assert set(result.readings) == candidate.readings
        assert result.token == FIRST
        assert await candidate.executed(FIRST) == 1

    async def test_a_token_sent_twice_is_executed_once(self, candidate):
        """The second start is answered, not executed."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        await candidate.finish()
        first = await waiting
        again = await engine.perform(candidate.act, 0, FIRST, open_gate, ABOUT)
        assert again.readings == first.readings
        assert await candidate.executed(FIRST) == 1

    async def test_a_busy_instrument_refuses_and_keeps_no_token(self, candidate):
        """What is refused has not moved, and the instrument says so."""
        engine, other = await candidate.engine(), await candidate.engine()
        waiting = await begin(candidate, engine)
        with pytest.raises(MotionRefusedError, match="another program runs"):
            await other.perform(candidate.act, 1, SECOND, open_gate, ABOUT)
        assert await other.ask(candidate.act, SECOND) is TokenState.NEVER_SEEN
        await candidate.finish()
        await waiting
        assert await candidate.executed(SECOND) == 0

    async def test_what_is_outside_the_limits_moves_nothing(self, candidate):
        """Refused before the first motion, and again by the device just before the write."""
        engine = await candidate.engine()
        with pytest.raises(InterlockError):
            await engine.perform(candidate.refused, 0, FIRST, open_gate, ABOUT)
        assert await engine.ask(candidate.act, FIRST) is TokenState.NEVER_SEEN
        assert await candidate.executed(FIRST) == 0

    async def test_a_shut_gate_moves_nothing(self, candidate):
        """Permit, latch, deadline and epoch stop an act before its write."""
        engine = await candidate.engine()
        with pytest.raises(MotionRefusedError, match="permit"):
            await engine.perform(candidate.act, 0, FIRST, _shut, ABOUT)
        assert await candidate.executed(FIRST) == 0

    async def test_it_tells_the_truth_about_a_token(self, candidate):
        """Never seen, running, done."""
        engine = await candidate.engine()
        assert await engine.ask(candidate.act, FIRST) is TokenState.NEVER_SEEN
        waiting = await begin(candidate, engine)
        assert await engine.ask(candidate.act, FIRST) is TokenState.RUNNING
        await candidate.finish()
        await waiting
        assert await engine.ask(candidate.act, FIRST) is TokenState.DONE

    async def test_it_shows_what_its_driver_declares_at_rest_and_while_it_works(self, candidate):
        """Every gauge is a number, and looking disturbs no program."""
        engine, name = await candidate.engine(), candidate.act.instrument
        gauges = load_driver(candidate.laboratory.instruments[name].driver).gauges
        assert set(await engine.look(name)) == set(gauges)
        waiting = await begin(candidate, engine)
        assert set(await engine.look(name)) == set(gauges)
        await candidate.finish()
        assert set((await waiting).readings) == candidate.readings
        assert await candidate.executed(FIRST) == 1

    async def test_stop_never_ends_a_program(self, candidate):
        """A RunEngine calls it at the end of every plan, also of a good one."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        device = make_device(candidate.laboratory, candidate.act.instrument)
        await maybe_await(device.stop(success=True))
        await device.disconnect()
        assert await engine.ask(candidate.act, FIRST) is TokenState.RUNNING
        await candidate.finish()
        await waiting

    async def test_halt_ends_a_program_and_its_token_has_failed(self, candidate):
        """The act that waits for it learns so."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        await engine.halt(candidate.act.instrument)
        with pytest.raises(ActuationFailedError):
            await waiting
        assert await engine.ask(candidate.act, FIRST) is TokenState.FAILED

    async def test_a_program_outlives_its_client_and_is_attached_to(self, candidate):
        """The next process waits for its end and fetches its results; nothing moves twice."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        await engine.close()
        await asyncio.wait([waiting])
        assert waiting.exception() is not None
        after = await candidate.engine()
        reconciling = asyncio.create_task(after.reconcile(candidate.act, 0, FIRST, ABOUT, intended=True))
        while not any(motion.waits for motion in after.motions()):
            await asyncio.sleep(0.01)
        await candidate.finish()
        found = await reconciling
        assert found.verdict == "done"
        assert set(found.result.readings) == candidate.readings
        assert await candidate.executed(FIRST) == 1

    async def test_what_never_reached_it_is_known_not_to_have_started(self, candidate):
        """Only on positive evidence: the instrument keeps its tokens."""
        engine = await candidate.engine()
        found = await engine.reconcile(candidate.act, 0, FIRST, ABOUT, intended=True)
        assert found.verdict == ("not_started" if engine.traits(candidate.act.instrument).holds_token else "unknown")

    async def test_a_program_that_ended_while_nobody_watched_is_fetched(self, candidate):
        """Its results are read in a run that names the dead one."""
        engine = await candidate.engine()
        waiting = await begin(candidate, engine)
        await engine.close()
        await asyncio.wait([waiting])
        await candidate.finish()
        after = await candidate.engine()
        found = await after.reconcile(candidate.act, 0, FIRST, ABOUT, intended=True)
        assert found.verdict == "done"
        assert await candidate.executed(FIRST) == 1

    async def test_what_its_driver_declares_of_it_is_true(self, candidate):
        """Each word is tried; see `tests/contracts/declared.py`."""
        await check_declared(candidate)
