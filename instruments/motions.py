"""What is moving, and whether it only waits: kept for the simulated clock, which jumps only then."""

import threading
from collections.abc import Callable
from datetime import datetime

from lab_agents.records.motion import Motion


class MotionBoard:
    """The engine's motions; written from its threads, read from the agent's.

    A motion waits from the instrument's answer to its start until that program is seen to have ended, or until the
    laboratory time it sleeps to. It watches the runners of all devices, so no plan declares it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._motions: dict[str, Motion] = {}
        self._starting: frozenset[str] = frozenset()
        self.on_change: Callable[[], None] | None = None

    def motions(self) -> tuple[Motion, ...]:
        """All motions, in the order in which they were begun."""
        with self._lock:
            return tuple(self._motions.values())

    def executing(self) -> frozenset[str]:
        """Instruments that execute a program now, or are about to."""
        starting = self._starting
        return frozenset(m.instrument for m in self.motions() if m.token in starting or (m.waits and m.until is None))

    def begin(self, instrument: str, token: str, plan: str) -> None:
        """An act is wanted, begun or about to be."""
        self._put(token, Motion(instrument=instrument, token=token, plan=plan))

    def starts(self, token: str) -> None:
        """An act may actuate from here on, so that nothing starts that must not move with it."""
        with self._lock:
            self._starting |= {token}

    def end(self, token: str) -> None:
        """An act is over."""
        with self._lock:
            self._motions.pop(token, None)
            self._starting -= {token}
        self._tell()

    def answered(self, token: str) -> None:
        """The instrument executes the program by itself."""
        self._update(token, waits=True, until=None)

    def ended(self, token: str) -> None:
        """The program, or a sleep, is over; the act goes on."""
        self._update(token, waits=False, until=None)

    def sleeps(self, token: str, until: datetime) -> None:
        """The act does nothing until a laboratory time."""
        self._update(token, waits=True, until=until)

    def _update(self, token: str, *, waits: bool, until: datetime | None) -> None:
        motion = self._motions.get(token)
        if motion is not None:
            self._put(token, motion.model_copy(update={"waits": waits, "until": until}))

    def _put(self, token: str, motion: Motion) -> None:
        with self._lock:
            self._motions[token] = motion
        self._tell()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()
