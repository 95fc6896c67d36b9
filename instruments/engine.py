"""The engine: acts in, results out; a RunEngine behind a thread for each instrument, driven from the agent's loop.

It is the only bridge between the two loops. A wait that is cancelled abandons neither a commit nor an actuation: the
act goes on, and its outcome is written down.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from instruments.devices.device import ProgramDevice
from instruments.devices.gauges import look_at
from instruments.documents import Document, DocumentFiles
from instruments.drivers import load_driver
from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    InterlockError,
    MissingDataError,
    TransportError,
)
from instruments.interlocks import check_act
from instruments.motions import MotionBoard
from instruments.plan_runner import ActInHand, EngineSetup
from instruments.programs import Program, Start, TokenState, Traits
from instruments.protocols import BlobWriter, Gate, Intents, Reconciled
from instruments.results import event_values, keep_blobs, raw_record, readings
from instruments.rig import Rig
from lab_agents.clock import Clock
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, ActResult

__all__ = ["Engine", "EngineSetup"]

_log = logging.getLogger(__name__)


class Engine:
    """Runs acts; implements `instruments.protocols.Motions`.

    Acts of one instrument run one after the other, in the order in which they were asked for; those of different
    instruments run at the same time.

    Args:
        setup: What it drives.
        intents: Where actuations are written down.
        clock: Laboratory time; lives in the agent's loop.
        blobs: Where documents and raw data go.
    """

    def __init__(self, setup: EngineSetup, intents: Intents, clock: Clock, blobs: BlobWriter) -> None:
        self._setup, self._intents, self._clock, self._blobs = setup, intents, clock, blobs
        names = setup.laboratory.agents[setup.agent].instruments
        self._threads = {name: ThreadPoolExecutor(1, thread_name_prefix=f"engine-{name}") for name in names}
        self._board = MotionBoard()
        self._rig: Rig | None = None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the running event loop, the agent's, whenever `motions()` has changed."""
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(callback)

        self._board.on_change = tell

    async def connect(self) -> None:
        """Start the RunEngine, close runs that a dead process left open, connect every instrument.

        Raises:
            TransportError: Naming every instrument that cannot be reached; `connect` may be called again.
            DriverError: If a driver cannot be loaded.
        """
        if self._rig is None:
            around = (self._intents, self._clock, asyncio.get_running_loop(), self._board)
            self._rig = await asyncio.to_thread(Rig, self._setup, *around)
        connecting = [self._rig.submit(device.connect_wire()) for device in self._rig.devices.values()]
        answers = await asyncio.gather(*map(asyncio.wrap_future, connecting), return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        for failure in failures:
            if not isinstance(failure, TransportError):
                raise failure
        if failures:
            raise TransportError(f"{'; '.join(map(str, failures))}. Check addresses and power.")

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
        """Run one act's plan to its end; see `Motions`."""
        check_act(self._setup.laboratory, act)
        self._device(act.instrument)
        gate()
        start = Start(token, self._setup.epoch)
        return await self._run(ActInHand(act, number, start, gate, about, self._clock.now()))

    async def reconcile(
        self, act: Act, number: int, token: str, about: Mapping[str, str], *, intended: bool
    ) -> Reconciled:
        """Find out what became of an act that a dead process had in hand; see `Motions`.

        A program that still runs is attached to and waited for. The verdict is certain except for `unknown`; what is
        certain is also written down as the outcome, where there was an intent.
        """
        device = self._device(act.instrument)
        program = Program(token, self._setup.epoch, act.plan, dict(act.arguments))
        await asyncio.sleep(device.traits.in_flight)
        try:
            asking = self._connected().submit(device.runner.ask_patiently(program))
            state = (await asyncio.wrap_future(asking)).state
            if state is TokenState.NEVER_SEEN:
                found = _never_seen(act.instrument, is_certain=device.traits.holds_token or not intended)
            else:
                found = Reconciled("done", await self._attach(act, number, token, about))
        except ActuationUnknownError as error:
            found = Reconciled("unknown", evidence=error.evidence)
        except MissingDataError as error:
            found = Reconciled("failed", evidence={"what": str(error), "repeatable": str(error.repeatable).lower()})
        except ActuationFailedError as error:
            found = Reconciled("failed", evidence={"what": str(error)})
        if intended and found.verdict != "unknown":
            await self._intents.outcome(token, found.verdict.replace("_", " "))
        return found

    def motions(self) -> tuple[Motion, ...]:
        """What is moving now; may be called from any thread."""
        return self._board.motions()

    async def halt(self, instrument: str) -> None:
        """End the instrument's program now; its token becomes failed.

        Raises:
            TransportError: If the instrument does not take it: the program may still run.
        """
        await asyncio.wrap_future(self._connected().submit(self._device(instrument).halt()))

    async def ask(self, act: Act, token: str) -> TokenState:
        """What the act's instrument says of a token now.

        Raises:
            TransportError: If it does not answer.
        """
        device = self._device(act.instrument)
        program = Program(token, self._setup.epoch, act.plan, dict(act.arguments))
        return (await asyncio.wrap_future(self._connected().submit(device.ask(program)))).state

    async def look(self, instrument: str) -> Mapping[str, float]:
        """What the instrument shows now, by the names of its driver's gauges; programs go on undisturbed.

        Each gauge is one request between those of a program, on the one connection that the agent keeps.

        Raises:
            TransportError: If it does not answer, or with something that is no number.
        """
        device = self._device(instrument)
        driver = load_driver(self._setup.laboratory.instruments[instrument].driver)
        return await asyncio.wrap_future(self._connected().submit(look_at(device, driver.gauges)))

    async def count(self, instrument: str, signal: str) -> float:
        """What the instrument itself counts of something that it holds; reading it changes nothing.

        Raises:
            TransportError: If it does not answer, or with something that is no number.
        """
        device = self._device(instrument)
        return await asyncio.wrap_future(self._connected().submit(device.look(signal)))

    def traits(self, instrument: str) -> Traits:
        """What the instrument's class can promise."""
        return self._device(instrument).traits

    async def close(self) -> None:
        """Let go of everything. Instruments go on with what they execute; the next process reconciles."""
        self._board.on_change = None
        rig, self._rig = self._rig, None
        if rig is not None:
            await asyncio.to_thread(rig.close)
            for thread in self._threads.values():
                await asyncio.to_thread(thread.shutdown)
            await asyncio.to_thread(rig.end)

    async def _attach(self, act: Act, number: int, token: str, about: Mapping[str, str]) -> ActResult:
        """Wait for a program that a dead process started, and read its results in a run that continues the dead one."""
        before = await asyncio.to_thread(self._start_of, token)
        continued: dict[str, str | int] = dict(about)
        started_at = self._clock.now()
        if before is not None:
            continued["continues"] = str(before["uid"])
            started_at = datetime.fromisoformat(str(before["laboratory_time"]))
        start = Start(token, self._setup.epoch, attaches=True)
        return await self._run(ActInHand(act, number, start, lambda: None, continued, started_at))

    def _start_of(self, token: str) -> Document | None:
        return DocumentFiles(self._setup.documents).start_of(token)

    async def _run(self, hand: ActInHand) -> ActResult:
        self._board.begin(hand.act.instrument, hand.start.token, hand.act.plan)
        thread = self._threads[hand.act.instrument]
        running = asyncio.get_running_loop().run_in_executor(thread, self._run_in_thread, hand)
        running.add_done_callback(_look_at)
        return await asyncio.shield(running)

    def _run_in_thread(self, hand: ActInHand) -> ActResult:
        try:
            runner = self._connected().runner(hand.act.instrument)
            runner.run(hand)
            run, documents, content = runner.documents.finish()
            values = event_values(hand.act.instrument, documents)
            driver = load_driver(self._setup.laboratory.instruments[hand.act.instrument].driver)
            return ActResult(
                act=hand.number,
                token=hand.start.token,
                run=run,
                readings=readings(values),
                blobs=keep_blobs(self._blobs, content, raw_record(driver.acts[hand.act.plan], values)),
                started_at=hand.started_at,
                ended_at=self._clock.now(),
            )
        finally:
            self._board.end(hand.start.token)

    def _connected(self) -> Rig:
        if self._rig is None:
            raise TransportError("The engine is not connected; await connect() first.")
        return self._rig

    def _device(self, instrument: str) -> ProgramDevice:
        device = self._connected().devices.get(instrument)
        if device is None:
            raise InterlockError(f"{self._setup.agent} does not drive {instrument}.", instrument=instrument)
        return device


def _never_seen(instrument: str, *, is_certain: bool) -> Reconciled:
    """What it means that an instrument has never seen a token: something only where it would have kept it."""
    if is_certain:
        return Reconciled("not_started", evidence={"instrument": instrument, "state": "never seen"})
    return Reconciled("unknown", evidence={"instrument": instrument, "state": "it keeps no tokens"})


def _look_at(running: "asyncio.Future[ActResult]") -> None:
    """Look at the end of an act that nobody may wait for any more."""
    if not running.cancelled() and (error := running.exception()) is not None:
        _log.info("an act ended with %s: %s", type(error).__name__, error)
