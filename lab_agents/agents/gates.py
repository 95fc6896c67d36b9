"""What must hold in this moment for anything to start; never an input of a decision."""

import time
from collections.abc import Callable

from instruments.errors import MotionRefusedError
from lab_agents.bus.protocol import Bus
from lab_agents.log import LogLink
from lab_agents.messages.topics import Topics
from lab_agents.permits import HeardPermit
from lab_agents.settings import DEFAULT, Settings


class GateClosedError(MotionRefusedError):
    """Nothing may start now; it may later. Nothing moved."""


class Gates:
    """Permit, age of the head, the guard's beat, and the order to drain: each says why it is closed.

    `monotonic` is the clock of the event loop that hears of them; `check` is called from the engine's thread too.
    """

    def __init__(
        self,
        link: LogLink,
        guard_is_alive: Callable[[], bool],
        settings: Settings = DEFAULT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link, self._guard_is_alive, self._settings = link, guard_is_alive, settings
        self._monotonic = monotonic
        self._permit = HeardPermit(settings, monotonic)
        self.is_draining = False

    async def start(self, bus: Bus, topics: Topics) -> None:
        """Listen for permits."""
        await bus.subscribe(topics.build("permit"), self._permit.hear)

    def closed_because(self, now: float, *, needs_permit: bool) -> str | None:
        """Why nothing may start, or None. `now` is the loop's time; computations need no permit."""
        # Asked first in any case: whoever knows the guard also learns from it that the end was called off.
        is_guarded = self._guard_is_alive()
        if self.is_draining:
            return "the laboratory is being ended"
        if not is_guarded:
            return "the guard of this machine is silent"
        if now - self._link.head_at > self._settings.lost:
            return "the recorder is silent"
        if self._link.head is not None and self._link.head.refusing:
            return f"the recorder appends nothing: {self._link.head.refusing}"
        if needs_permit and not self._permit.is_granted(now):
            return "supervision's permit is lost"
        return None

    def check(self) -> None:
        """Raise where a motion may not start; called again just before each actuation.

        Raises:
            GateClosedError: Saying which gate is closed.
        """
        reason = self.closed_because(self._monotonic(), needs_permit=True)
        if reason is not None:
            raise GateClosedError(f"nothing starts: {reason}")
