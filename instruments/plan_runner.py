"""One RunEngine: runs the plan of one act at a time, in the thread that calls it."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bluesky import Msg, RunEngine
from bluesky.utils import FailedStatus, RunEngineInterrupted

from instruments.devices.device import ProgramDevice
from instruments.documents import DocumentFiles
from instruments.drivers import load_driver, load_object
from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    InstrumentError,
    MotionRefusedError,
    PlanError,
    TransportError,
)
from instruments.intents import INTEND, OUTCOME, with_intents
from instruments.interlocks import check_exclusive, check_limit
from instruments.lean_engine import make_run_engine
from instruments.motions import MotionBoard
from instruments.programs import Answer, Start
from instruments.protocols import Gate, Intents
from lab_agents.clock import Clock
from lab_agents.records.laboratory import Laboratory, Limit
from lab_agents.records.recipe import Act
from lab_agents.settings import DEFAULT, Settings

T = TypeVar("T")


@dataclass(frozen=True)
class EngineSetup:
    """What an engine drives, and where it writes.

    Attributes:
        laboratory: With resolved addresses.
        agent: Whose instruments these are.
        epoch: Of this process, sent with every start.
        documents: Folder of this agent alone: runs that are open in it are closed when the engine connects.
        settings: Times.
    """

    laboratory: Laboratory
    agent: str
    epoch: int
    documents: Path
    settings: Settings = DEFAULT


@dataclass
class ActInHand:
    """An act, and how far it came."""

    act: Act
    number: int
    start: Start
    gate: Gate
    about: Mapping[str, str | int]
    started_at: datetime
    is_intended: bool = False
    is_settled: bool = False

    def __str__(self) -> str:
        arguments = ", ".join(f"{k}={v}" for k, v in self.act.arguments.items())
        return f"{self.act.plan}({arguments}) of {self.act.instrument}"

    def metadata(self) -> dict[str, Any]:
        """Of the run's start document."""
        return {
            **self.about,
            "token": self.start.token,
            "act": self.number,
            "plan_name": self.act.plan,
            "plan_args": dict(self.act.arguments),
            "epoch": self.start.epoch,
            "laboratory_time": self.started_at.isoformat(),
        }


@dataclass(frozen=True)
class Surroundings:
    """What every RunEngine of an agent shares.

    Attributes:
        setup: What they drive.
        intents: Where actuations are written down.
        clock: Laboratory time; lives in `agent_loop`.
        agent_loop: The agent's event loop.
        board: Where motions are shown.
        devices: By instrument; they live in the loop that the RunEngines share.
    """

    setup: EngineSetup
    intents: Intents
    clock: Clock
    agent_loop: asyncio.AbstractEventLoop
    board: MotionBoard
    devices: Mapping[str, ProgramDevice]


class PlanRunner:
    """A RunEngine with its own commands, for the acts of one instrument.

    Acts are run in the one thread that calls `run`; the RunEngine's loop runs in another, where devices live.

    Args:
        around: What it shares with those of other instruments.
        loop: The loop of another one, to be shared; without it a new one is started.
    """

    def __init__(self, around: Surroundings, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._around = around
        self._hand: ActInHand | None = None
        self._is_closing = False
        self.documents = DocumentFiles(around.setup.documents)
        self._engine = self._make_engine(loop)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The RunEngine's loop."""
        loop: asyncio.AbstractEventLoop = self._engine.loop
        return loop

    def submit(self, request: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the RunEngine's loop."""
        return asyncio.run_coroutine_threadsafe(request, self.loop)

    def run(self, hand: ActInHand) -> None:
        """Run an act's plan; on every way out its outcome is written down, or its intent is left open on purpose.

        Raises:
            MotionRefusedError: Nothing moved.
            ActuationFailedError: The instrument said so.
            ActuationUnknownError: It may or may not have happened.
            PlanError: The plan breaks the rules of acts.
            DocumentsError: The disk takes no documents; where that is found out first, nothing moved.
        """
        device = self._around.devices[hand.act.instrument]
        laboratory = self._around.setup.laboratory
        declared = load_driver(laboratory.instruments[hand.act.instrument].driver).acts[hand.act.plan]
        plan = load_object(declared.plan)(device, hand.start, **hand.act.arguments)
        self._hand = hand
        device.runner.take()
        try:
            self._engine(plan, **hand.metadata())
        except (InstrumentError, FailedStatus, RunEngineInterrupted, asyncio.CancelledError) as error:
            self.submit(self._settle(hand, error)).result()
        finally:
            self._hand = None

    def close(self) -> None:
        """End the plan in hand; its instrument goes on with what it executes."""
        self._is_closing = True
        if self._engine.state == "running":
            self._engine.abort("the engine was closed")

    def _make_engine(self, loop: asyncio.AbstractEventLoop | None) -> RunEngine:
        engine = make_run_engine(loop)
        engine.preprocessors.append(with_intents)
        engine.subscribe(self.documents)
        engine.register_command(INTEND, self._intend)
        engine.register_command(OUTCOME, self._outcome)
        engine.register_command("follow", self._follow)
        engine.register_command("sleep", self._sleep)
        return engine

    # Commands of the RunEngine; they run in its loop.

    async def _intend(self, message: Msg) -> None:
        hand = self._in_hand()
        hand.gate()
        await self._check_surroundings(hand.act)
        # A disk that takes no documents would take no outcome either: found out while nothing has moved.
        await asyncio.wrap_future(self.documents.settle())
        await asyncio.shield(self._around.intents.intend(hand.start.token, str(hand)))
        hand.is_intended = True
        hand.gate()

    async def _outcome(self, message: Msg) -> None:
        hand = self._in_hand()
        await asyncio.shield(self._around.intents.outcome(hand.start.token, "done"))
        hand.is_settled = True

    async def _follow(self, message: Msg) -> None:
        device, program = message.obj, message.args[0]
        answer: Answer = await device.runner.follow(program)
        await device.runner.patiently(program, lambda: device.keep(program, answer))

    async def _sleep(self, message: Msg) -> None:
        """In laboratory time, announced, so that a simulated clock may jump to its end."""
        due = self._around.clock.now() + timedelta(seconds=float(message.args[0]))
        token = self._in_hand().start.token
        self._around.board.sleeps(token, due)
        sleeping = asyncio.run_coroutine_threadsafe(_sleep_until(self._around.clock, due), self._around.agent_loop)
        await asyncio.wrap_future(sleeping)
        self._around.board.ended(token)

    async def _check_surroundings(self, act: Act) -> None:
        """Interlocks that need a look: exclusive groups, and what must read inside a range."""
        laboratory, board = self._around.setup.laboratory, self._around.board
        check_exclusive(laboratory, act.instrument, board.executing())
        # At once: nothing else of this loop comes between the look and the claim.
        board.starts(self._in_hand().start.token)
        for rule in laboratory.interlocks.only_when:
            if rule.instrument == act.instrument and (not rule.plans or act.plan in rule.plans):
                value = await self._around.devices[rule.reads].look(rule.signal)
                what = f"{rule.reads} {rule.signal} ({rule.because})"
                check_limit(act.instrument, what, value, Limit(lower=rule.lower, upper=rule.upper))

    async def _settle(self, hand: ActInHand, error: BaseException) -> None:
        """After a plan that failed: wait for what moves, write down what is certain, raise what it means."""
        running = self._around.devices[hand.act.instrument].runner.take()
        cause = _instrument_error(error)
        if running is not None:
            if self._is_closing:
                running.cancel()
                raise ActuationUnknownError(
                    f"The engine was closed while {hand} ran. Ask the instrument by its token.", token=hand.start.token
                ) from error
            await asyncio.wait((running,))
            cause = _instrument_error(running.exception()) or cause
        if hand.is_intended and not hand.is_settled and not isinstance(cause, ActuationUnknownError):
            await self._around.intents.outcome(hand.start.token, _verdict(cause, has_run=running is not None))
        if cause is not None:
            raise cause
        if running is None:
            raise MotionRefusedError(f"{hand} was ended before anything moved: {error}.") from error
        raise ActuationUnknownError(
            f"{hand} ran, but its plan was ended before its results were read: {error}. Ask by its token.",
            token=hand.start.token,
        ) from error

    def _in_hand(self) -> ActInHand:
        if self._hand is None:
            raise PlanError("A plan runs outside an act; call the engine's perform.")
        return self._hand


def _verdict(cause: InstrumentError | None, *, has_run: bool) -> str:
    if not has_run or isinstance(cause, MotionRefusedError | TransportError):
        return "not started"
    return "failed" if isinstance(cause, ActuationFailedError) else "done"


def _instrument_error(error: BaseException | None) -> InstrumentError | None:
    """The error of this package behind what a RunEngine raised."""
    while error is not None and not isinstance(error, InstrumentError):
        error = error.__cause__
    return error


async def _sleep_until(clock: Clock, due: datetime) -> None:
    await clock.sleep_until(due)
