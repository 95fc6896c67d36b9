"""Telling several loops of one process that something changed."""

import asyncio


class Changes:
    """One `set` wakes every listener; each clears its own event."""

    def __init__(self) -> None:
        self._events: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        """An event that every later `set` sets."""
        event = asyncio.Event()
        self._events.append(event)
        return event

    def set(self) -> None:
        """Something changed; called in the event loop."""
        for event in self._events:
            event.set()
