"""When a child that ended may start again."""

from collections import deque

from lab_agents.settings import DEFAULT, Settings


class Restarts:
    """At once, then backing off; too many ends within a minute and a person must say.

    All instants are seconds of one monotonic clock.
    """

    def __init__(self, settings: Settings = DEFAULT) -> None:
        self._settings = settings
        self._ends: deque[float] = deque()

    def ended(self, now: float) -> float | None:
        """Note an end at `now`.

        Returns:
            The instant from which it may start again, or None where it is to be held.
        """
        self._ends.append(now)
        while self._ends[0] <= now - self._settings.restart_window:
            self._ends.popleft()
        n = len(self._ends)
        if n >= self._settings.restarts:
            return None
        # 0, 1, 2, 4 … 10 s: a child that was killed once loses nothing, one that cannot start leaves the machine alone.
        return now if n == 1 else now + min(self._settings.backoff, 2.0 ** (n - 2))

    def count(self, now: float) -> int:
        """How many ends there were within the last minute."""
        return sum(end > now - self._settings.restart_window for end in self._ends)

    def forget(self) -> None:
        """A person looked after it: begin anew."""
        self._ends.clear()
