"""Running a program on any instrument: checked, sent once, then asked about until it has ended."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    BlockedError,
    ForgottenTokenError,
    InterlockError,
    MotionRefusedError,
    TransportError,
)
from instruments.interlocks import check_set_points
from instruments.programs import Answer, Program, ProgramPort, StartCode, TokenState, Watcher
from lab_agents.clock import Clock, WallClock
from lab_agents.records.laboratory import InstrumentDeclaration

T = TypeVar("T")
_log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds (wall) for which a silent instrument is asked again before its program counts as unknown: a restarted
simulator or a rebooting controller is back by then; longer only delays the person who must be asked."""

SELDOM = 0.5
"""Seconds (wall) after which an instrument is asked in any case: laboratory time stood still or its program should run
yet, but it may have failed, or been halted. A second would be felt by whoever waits beside it."""
LATENESS = 0.02
"""Share of the time that a program has run after which it is asked about again, up to `SELDOM`: an instrument that
anneals for an hour is not asked fifty times a second, which fifty instruments would make a load of its own."""
LASTS = "duration"
"""The set-point that says how long (s) a program lasts at least, where it has one."""

_REASONS = {
    StartCode.BUSY: "another program runs on it; wait for its end or halt it",
    StartCode.BLOCKED: "its physical state forbids it (no vial, stage occupied or empty, no substrate); look at it",
    StartCode.FENCED: "it has heard from a younger process of this agent; this one must end",
}


@dataclass(frozen=True)
class Pace:
    """How often and how long an instrument is asked, in seconds of wall time.

    It is asked every `poll`, but every `seldom` at most while laboratory time stands still, because nothing ends then,
    and while its program is not due. A program that has run for long is asked about less often, see `LATENESS`.
    """

    poll: float
    patience: float = PATIENCE
    seldom: float = SELDOM


class SilentWatcher:
    """Watches nothing."""

    def answered(self, token: str) -> None:
        """Ignore."""

    def ended(self, token: str) -> None:
        """Ignore."""


class ProgramRunner:
    """Starts programs on one instrument and follows them to their end.

    Args:
        name: Of the instrument.
        declaration: Its limits.
        port: The instrument.
        pace: Of asking.
    """

    def __init__(self, name: str, declaration: InstrumentDeclaration, port: ProgramPort, pace: Pace) -> None:
        self._name, self._declaration, self._port, self._pace = name, declaration, port, pace
        self._running: asyncio.Task[Answer] | None = None
        self.watcher: Watcher = SilentWatcher()
        self.clock: Clock = WallClock()

    def take(self) -> asyncio.Task[Answer] | None:
        """The program that was run last, whether it runs or has ended, once; for who must know how it ended."""
        running, self._running = self._running, None
        return running

    async def run(self, program: Program) -> Answer:
        """Start a program and return what the instrument reports once it is done.

        A token that the instrument already has is answered and not executed again.

        Raises:
            MotionRefusedError: The instrument or an interlock refused; nothing moved.
            TransportError: The start did not reach the instrument, on positive evidence; it may be sent again.
            ActuationFailedError: The program began and ended badly.
            ActuationUnknownError: It may or may not have run.
        """
        # A task of its own: who is cancelled while waiting abandons the wait, never the actuation.
        self._running = asyncio.create_task(self._run(program))
        return await asyncio.shield(self._running)

    async def _run(self, program: Program) -> Answer:
        check_set_points(self._name, self._declaration, program.command, program.arguments)
        try:
            code = await self._port.send(program)
        except TransportError as error:
            if not error.sent:
                raise
            _log.warning("%s: the start of %s was not answered (%s); asking", self._name, program.token, error)
            code = await self._find_out(program)
        self._check_code(program, code)
        return await self.follow(program)

    async def follow(self, program: Program) -> Answer:
        """Wait for the end of a program that the instrument has accepted; returns at once if it has ended.

        Raises:
            ActuationFailedError: The program began and ended badly.
            ForgottenTokenError: The instrument does not know the token any more.
            ActuationUnknownError: The instrument was silent for too long.
        """
        self.watcher.answered(program.token)
        begun_at, pause = self.clock.now(), self._pace.poll
        asked_at, due = begun_at, begun_at + _least(program)
        while (answer := await self.ask_patiently(program)).state is TokenState.RUNNING:
            moved = await self._wait(max(due, asked_at + self._step(asked_at - begun_at)), asked_at, pause)
            pause = min(2 * pause, self._pace.seldom) if moved is None else self._after(moved)
            asked_at = self.clock.now()
        self.watcher.ended(program.token)
        if answer.state is TokenState.FAILED:
            raise ActuationFailedError(
                f"{self._name} began {program.command} (token {program.token}) and reports that it failed or was "
                "halted. Look at the sample before anything else is done with it."
            )
        if answer.state is TokenState.NEVER_SEEN:
            raise ForgottenTokenError(
                f"{self._name} accepted {program.command} and does not know its token {program.token} any more; was "
                "it reset? Look at the instrument and say whether it ran.",
                token=program.token,
                evidence={"instrument": self._name, "state": "never seen after it was accepted"},
            )
        return answer

    def _step(self, ran: timedelta) -> timedelta:
        """Laboratory time to the next question about a program that was followed for so long."""
        return timedelta(seconds=max(self._pace.poll, min(self._pace.seldom, LATENESS * ran.total_seconds())))

    async def _wait(self, until: datetime, asked_at: datetime, pause: float) -> timedelta | None:
        """Return when it is worth asking again: laboratory time has reached `until`, or `pause` is over.

        Returns:
            How far laboratory time has moved; None where only `pause` is over.
        """
        try:
            async with asyncio.timeout(pause):
                await self.clock.sleep_until(until)
        except TimeoutError:
            return None
        return self.clock.now() - asked_at

    def _after(self, moved: timedelta) -> float:
        """Wall seconds to the next question after laboratory time has moved.

        A time that was jumped to ends programs within a commit of it, so who has asked too early asks again soon.
        """
        return self._pace.poll / 4 if moved > timedelta(seconds=self._pace.seldom) else self._pace.poll

    async def ask_patiently(self, program: Program) -> Answer:
        """Ask about a token, again while the instrument is silent.

        Raises:
            ActuationUnknownError: If it was silent for as long as the pace allows.
        """
        return await self.patiently(program, lambda: self._port.ask(program))

    async def patiently(self, program: Program, read: Callable[[], Awaitable[T]]) -> T:
        """Read something about a program, again while the instrument is silent.

        Raises:
            ActuationUnknownError: If it was silent for as long as the pace allows.
        """
        until = time.monotonic() + self._pace.patience
        while True:
            try:
                return await read()
            except TransportError as error:
                if time.monotonic() > until:
                    raise ActuationUnknownError(
                        f"{self._name} is silent for {self._pace.patience:g} s, and {program.command} (token "
                        f"{program.token}) may or may not have run: {error}. Look at the instrument and say.",
                        token=program.token,
                        evidence={"instrument": self._name, "last_error": str(error)},
                    ) from error
            await asyncio.sleep(self._pace.poll)

    async def _find_out(self, program: Program) -> StartCode:
        """What became of a start whose answer was lost."""
        await asyncio.sleep(self._port.traits.in_flight)
        answer = await self.ask_patiently(program)
        if answer.state is not TokenState.NEVER_SEEN:
            return StartCode.ACCEPTED
        if not self._port.traits.holds_token:
            raise ActuationUnknownError(
                f"{self._name} did not answer the start of {program.command} and keeps no tokens; look at it and say.",
                token=program.token,
                evidence={"instrument": self._name},
            )
        raise TransportError(
            f"{self._name} did not answer the start of {program.command} and has never seen its token "
            f"{program.token}: nothing moved, it may be sent again."
        )

    def _check_code(self, program: Program, code: StartCode) -> None:
        if code is StartCode.ACCEPTED:
            return
        asked = ", ".join(f"{k} {v}" for k, v in program.arguments.items())
        if code is StartCode.LIMIT:
            raise InterlockError(
                f"{self._name} refuses {program.command} ({asked}): outside the limits set in its hardware. Compare "
                "them with the lab file (lab-agents labs check).",
                instrument=self._name,
                quantity=program.command,
            )
        refused = BlockedError if code is StartCode.BLOCKED else MotionRefusedError
        raise refused(f"{self._name} refuses {program.command} ({asked}): {_REASONS[code]}.")


def _least(program: Program) -> timedelta:
    """How long a program lasts at least, as far as its set-points tell; only a hint."""
    told = program.arguments.get(LASTS)
    return timedelta(seconds=float(told) if isinstance(told, int | float) else 0.0)
