"""Supervision's permit as one process hears it: the word, again and again, that motions may start."""

import time
from collections.abc import Callable

from pydantic import ValidationError

from lab_agents.bus.protocol import Message
from lab_agents.messages.frames import Permit
from lab_agents.settings import DEFAULT, Settings


class HeardPermit:
    """The permit: granted while it was heard within the last 2 s, lost after that.

    Args:
        settings: `lost`.
        monotonic: Source of wall seconds.
    """

    def __init__(self, settings: Settings = DEFAULT, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._monotonic = settings, monotonic
        self._heard: float | None = None
        self._is_granted = False

    def hear(self, message: Message) -> None:
        """Take a message of the permit's topic. A retained one proves nothing: its supervisor may be dead for days."""
        try:
            permit = Permit.model_validate_json(message.payload)
        except ValidationError:
            return
        if not message.retained:
            self._is_granted, self._heard = permit.granted, self._monotonic()

    def is_granted(self, now: float) -> bool:
        """Whether motions may start at `now`."""
        return self._heard is not None and self._is_granted and now - self._heard <= self._settings.lost

    def lost_at(self, now: float) -> float | None:
        """Since when it has been lost at `now`; None while it is granted, and before it was ever heard."""
        if self._heard is None or self.is_granted(now):
            return None
        return self._heard + self._settings.lost if self._is_granted else self._heard

    def forgive(self, pause: float) -> None:
        """Do not count `pause` seconds in which this process itself did not listen."""
        if self._heard is not None:
            self._heard += pause
