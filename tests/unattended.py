"""A simulated laboratory that nobody runs a campaign in, and what stops it."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from lab_agents.messages.frames import StopRequest
from simulators.held_clock import Rest


class NeverAtRest:
    """Keeps the simulated clock where it is."""

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Rest:
        """Never."""
        return Rest(at_rest=False, reason="a test")

    async def changed(self) -> None:
        """Never."""
        await asyncio.Event().wait()


async def say_nothing(**_: object) -> None:
    """Where the clock would be told."""


def stop_request(name: str = "stop-1") -> StopRequest:
    """A stop that somebody asks for."""
    return StopRequest(id=name, person="ada", reason="smoke", at=datetime.now(UTC))
