"""Laboratory time, as everything that waits for it sees it."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Laboratory time. In a real laboratory it is the wall clock; in a simulated one the simulator owns it."""

    def now(self) -> datetime:
        """The present laboratory time, aware, UTC."""
        ...

    async def sleep_until(self, due: datetime) -> None:
        """Return when laboratory time has reached `due`."""
        ...


class WallClock:
    """Laboratory time of a real laboratory."""

    def now(self) -> datetime:
        """The present UTC time."""
        return datetime.now(UTC)

    async def sleep_until(self, due: datetime) -> None:
        """Sleep in wall time."""
        while (left := (due - self.now()).total_seconds()) > 0:  # noqa: ASYNC110
            # Wall time has no event to wait for; a minute at most, because somebody may set the machine's clock.
            await asyncio.sleep(min(left, 60.0))


class FollowedClock:
    """Laboratory time that somebody else owns: it stands until `set` is called (jumps in tests, ticks from the bus)."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """The last time heard."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move forward to `now`; an earlier time is ignored, because late ticks arrive out of order."""
        if now > self._now:
            self._now = now
            self._moved.set()
            self._moved = asyncio.Event()

    async def sleep_until(self, due: datetime) -> None:
        """Wait for ticks until one is at or past `due`."""
        while self._now < due:
            await self._moved.wait()
