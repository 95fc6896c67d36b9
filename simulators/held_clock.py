"""The simulated laboratory's clock: it jumps only when the laboratory is at rest.

`next_step` is the whole decision, a pure function; `HeldClock` looks, steps and tells. Who knows whether the laboratory
is at rest implements `LabAtRest`; who keeps the time and ends the programs implements `Timekeeper`.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

REPUBLISH = 0.5
"""Wall seconds after which a tick is told again, with the reason for standing: a follower that lost one is never behind
for longer than a status."""

STRIDE = 0.1
"""Wall seconds between two steps of a clock that walks: short enough for people, long enough to sync each to disk."""


class Verdict(Protocol):
    """One look at the laboratory, as whoever looks writes it down."""

    @property
    def at_rest(self) -> bool:
        """Whether every agent has handled the newest entry, owes nothing, and every motion only waits."""
        ...

    @property
    def next_timer(self) -> datetime | None:
        """The earliest laboratory time that an agent waits for."""
        ...

    @property
    def reason(self) -> str:
        """Why the clock must stand, for people."""
        ...

    @property
    def runs_at_wall_speed(self) -> bool:
        """A guard is latched, or a program of an agent that is out runs."""
        ...

    @property
    def campaign_open(self) -> bool:
        """False while no campaign is open; the clock stands."""
        ...

    @property
    def acknowledged(self) -> frozenset[str]:
        """Ended programs that nobody waits on: their outcome stands in the log, or their agent is out."""
        ...


@dataclass(frozen=True)
class Rest:
    """A verdict as plain values; see `Verdict`."""

    at_rest: bool
    next_timer: datetime | None = None
    reason: str = ""
    runs_at_wall_speed: bool = False
    campaign_open: bool = True
    acknowledged: frozenset[str] = frozenset()


class LabAtRest(Protocol):
    """Who knows whether the laboratory is at rest."""

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Verdict:
        """A pure look at what is known now.

        Args:
            finished: Tokens of programs that have ended and are not yet acknowledged; offered again until they are.
            running: Tokens of programs that instruments execute.
        """
        ...

    async def changed(self) -> None:
        """Return when a new look may differ from the last one; never miss a change made since that look."""
        ...


class PublishTick(Protocol):
    """Where the clock is told; `number` grows with each change of `now`."""

    async def __call__(self, *, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        """Tell everyone; must not raise when nobody listens."""
        ...


class Timekeeper(Protocol):
    """Who keeps laboratory time on disk and ends the programs that are due."""

    @property
    def now(self) -> datetime:
        """Laboratory time."""
        ...

    def next_end(self) -> datetime | None:
        """When the first of the running programs ends."""
        ...

    def running(self) -> frozenset[str]:
        """Tokens of the running programs."""
        ...

    def unacknowledged(self) -> frozenset[str]:
        """Tokens of programs that ended, of which nobody has said that their outcome stands in the log."""
        ...

    async def acknowledge(self, tokens: Collection[str]) -> None:
        """Forget these among the unacknowledged."""
        ...

    async def set_time(self, to: datetime) -> None:
        """Set the time, never back; on disk when it returns. Nothing ends by it."""
        ...

    async def end_due(self) -> None:
        """End the programs whose time has come."""
        ...


@dataclass(frozen=True)
class Stand:
    """The clock stands, and why."""

    reason: str


@dataclass(frozen=True)
class Jump:
    """The clock goes to `to` at once."""

    to: datetime


@dataclass(frozen=True)
class Walk:
    """The clock goes on at `rate` laboratory seconds per wall second, at most to `until`."""

    rate: float
    until: datetime | None = None


Step = Stand | Jump | Walk


def next_step(
    rest: Verdict, now: datetime, next_end: datetime | None, waiting: Collection[str], speed: float | None
) -> Step:
    """What the held clock does next.

    Args:
        rest: The newest look at the laboratory.
        now: Laboratory time.
        next_end: The first end of a running program.
        waiting: Tokens of ended programs whose outcome does not stand in the log.
        speed: Laboratory seconds per wall second at most; None jumps.
    """
    if rest.runs_at_wall_speed:
        return Walk(1.0)
    if not rest.campaign_open:
        return Stand("no campaign is open")
    if not rest.at_rest:
        return Stand(rest.reason or "the laboratory is not at rest")
    if waiting:
        return Stand(f"the outcome of {min(waiting)} is not in the log")
    if rest.next_timer is not None and rest.next_timer <= now:
        return Stand(f"the timer due {rest.next_timer:%H:%M:%S} has not rung")
    dues = [due for due in (next_end, rest.next_timer) if due is not None]
    if not dues:
        return Stand("nothing is announced")
    return Jump(max(now, min(dues))) if speed is None else Walk(speed, max(now, min(dues)))


class HeldClock:
    """Looks whether the laboratory is at rest, steps, tells; for ever."""

    def __init__(
        self,
        keeper: Timekeeper,
        rest: LabAtRest,
        publish: PublishTick,
        *,
        speed: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` is wall time in seconds, exchangeable for tests."""
        self._keeper, self._rest, self._publish, self._speed = keeper, rest, publish, speed
        self._monotonic = monotonic
        self._moved = asyncio.Event()
        self._told: datetime | None = None
        self._told_at = 0.0
        self._walked_at: float | None = None

    def nudge(self) -> None:
        """Say that a program started or ended, so that the clock looks again."""
        self._moved.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._moved.clear()
            step = await self.step()
            if isinstance(step, Jump):
                continue
            await self._wait(STRIDE if isinstance(step, Walk) else REPUBLISH)

    async def step(self) -> Step:
        """Look once, and do what follows from it."""
        ended = self._keeper.unacknowledged()
        rest = self._rest.verdict(ended, self._keeper.running())
        if known := rest.acknowledged & ended:
            await self._keeper.acknowledge(known)
            # The look is older than this commit: what began meanwhile would be jumped over.
            rest = self._rest.verdict(self._keeper.unacknowledged(), self._keeper.running())
        keeper = self._keeper
        step = next_step(rest, keeper.now, keeper.next_end(), keeper.unacknowledged(), self._speed)
        if isinstance(step, Jump):
            self._walked_at = None
            await self._move(step.to)
        elif isinstance(step, Walk):
            await self.walk(step)
        else:
            self._walked_at = None
            await self._tell(step.reason)
        return step

    async def walk(self, step: Walk) -> None:
        """Go on by the wall time that passed since the last step, if that was a walk too."""
        wall = self._monotonic()
        elapsed = 0.0 if self._walked_at is None else wall - self._walked_at
        self._walked_at = wall
        to = self._keeper.now + timedelta(seconds=step.rate * elapsed)
        if step.until is not None:
            to = min(to, step.until)
        await self._move(to)

    async def _move(self, to: datetime) -> None:
        """The tick goes out before anything ends, so that whoever sees an end has had the time of it."""
        if to > self._keeper.now:
            await self._keeper.set_time(to)
        await self._tell("")
        await self._keeper.end_due()

    async def _tell(self, held_by: str) -> None:
        now, wall = self._keeper.now, self._monotonic()
        # Why it stands changes with every status and is for people: told to every process each time, it would be
        # most of what the broker carries.
        if now == self._told and wall - self._told_at < REPUBLISH:
            return
        self._told, self._told_at = now, wall
        # Microseconds of laboratory time: grows with it, also over a power cut, without being kept.
        number = int(now.timestamp() * 1_000_000)
        await self._publish(now=now, number=number, speed=self._speed, held_by=held_by)

    async def _wait(self, limit: float) -> None:
        waits = {asyncio.ensure_future(self._rest.changed()), asyncio.ensure_future(self._moved.wait())}
        try:
            await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


class Unattended:
    """A laboratory without agents: always at rest, every outcome known. Programs end at once; for tests and trials."""

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Rest:
        """At rest."""
        return Rest(at_rest=True, acknowledged=frozenset(finished))

    async def changed(self) -> None:
        """Nothing ever changes but programs."""
        await asyncio.Event().wait()


class FreeClock:
    """A clock that nothing holds: `rate` laboratory seconds per wall second; for tests of liveness."""

    def __init__(self, keeper: Timekeeper, publish: PublishTick, rate: float) -> None:
        self._keeper, self._rate = keeper, rate
        self._clock = HeldClock(keeper, Unattended(), publish, speed=rate)

    def nudge(self) -> None:
        """Needs no nudge: it looks by itself."""

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._keeper.acknowledge(self._keeper.unacknowledged())
            await self._clock.walk(Walk(self._rate))
            await asyncio.sleep(STRIDE)
