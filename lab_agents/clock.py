"""Laboratory time, as everything that waits for it sees it."""

import asyncio
import threading
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
    """Laboratory time that somebody else owns: it stands until `set` is called (jumps in tests, ticks from the bus).

    It may be waited for in several event loops, and is set in one of them.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._waiting: dict[asyncio.Future[None], datetime] = {}
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The last time heard."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move forward to `now`; an earlier time is ignored, because late ticks arrive out of order."""
        with self._lock:
            self._now = max(now, self._now)
            due = [wait for wait, until in self._waiting.items() if until <= self._now]
        for wait in due:
            wait.get_loop().call_soon_threadsafe(_end, wait)

    async def sleep_until(self, due: datetime) -> None:
        """Wait for the tick that is at or past `due`."""
        wait = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._now >= due:
                return
            self._waiting[wait] = due
        try:
            await wait
        finally:
            with self._lock:
                del self._waiting[wait]


def _end(wait: asyncio.Future[None]) -> None:
    if not wait.done():
        wait.set_result(None)
