"""The laboratory floor: every instrument and the world they share, as the servers and the clock reach them.

All that changes the world runs in one thread of its own, one thing after the other; reads need no thread.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

from simulators.errors import ErrorNumber
from simulators.faults import LATE
from simulators.instruments.program import Firmware, Order
from simulators.ledger import Detail
from simulators.world.things import Film
from simulators.world_state import WorldState

P = ParamSpec("P")
T = TypeVar("T")


class Floor:
    """Instruments by name, over one world. `hang_up` is what their servers do when one of them disconnects."""

    def __init__(self, world: WorldState, instruments: Mapping[str, Firmware], thread: ThreadPoolExecutor) -> None:
        """`thread` has one worker, and is the only one that changes the world."""
        self.world, self.instruments = world, instruments
        self._thread = thread
        self._listeners: list[Callable[[], None]] = []
        self.hang_up: Callable[[str], None] = lambda _instrument: None

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` in the event loop after each change of the world; it must return at once."""
        self._listeners.append(listener)

    async def start(self, instrument: str, order: Order) -> ErrorNumber:
        """Answer a start; when it returns, what it began is on disk."""
        firmware = self.instruments[instrument]
        number = await self._change(firmware.start, order)
        if number is ErrorNumber.NONE and firmware.is_struck("disconnect", order.token):
            self.hang_up(instrument)
        if number is ErrorNumber.NONE and firmware.is_struck("late_answer", order.token):
            await asyncio.sleep(LATE)
        return number

    async def halt(self, instrument: str) -> None:
        """End the instrument's program as failed."""
        await self._change(self.instruments[instrument].halt)

    async def load(self, instrument: str, details: Callable[[], Mapping[str, Detail] | None]) -> None:
        """Load something into an instrument: `details` says what, in the world's thread; nothing where it says None."""

        def load_here() -> None:
            found = details()
            if found is not None:
                self.world.load(instrument, found)

        await self._change(load_here)

    async def remember(self, name: str, value: str) -> None:
        """Keep a fact over power cuts."""
        await self._change(self.world.remember, name, value)

    async def set_limit(self, instrument: str, quantity: str, end: str, value: float) -> None:
        """Set the hardware's `lower` or `upper` limit."""
        await self._change(self.instruments[instrument].set_limit, quantity, end, value)

    @property
    def now(self) -> datetime:
        """Laboratory time."""
        return self.world.now

    def next_end(self) -> datetime | None:
        """When the first of the running programs ends."""
        return self.world.next_end()

    def running(self) -> frozenset[str]:
        """Tokens of the running programs."""
        return self.world.running_tokens()

    def unacknowledged(self) -> frozenset[str]:
        """Tokens of ended programs whose outcome is not known to stand in the log."""
        return self.world.unacknowledged()

    async def acknowledge(self, tokens: Collection[str]) -> None:
        """Forget these among the unacknowledged."""
        if tokens:
            await self._change(self.world.acknowledge, tokens)

    async def set_time(self, to: datetime) -> None:
        """Set the clock; nothing ends by it."""
        await self._change(self.world.set_time, to)

    async def end_due(self) -> None:
        """End the programs whose time has come."""
        if (end := self.next_end()) is not None and end <= self.now:
            await self._change(self.world.end_due)

    async def advance(self, to: datetime) -> None:
        """Set the clock and end what is due, in one go; for whoever needs no tick in between."""
        await self._change(self.world.advance, to)

    async def _change(self, deed: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        # Shielded: a client that hangs up does not leave half a change behind.
        result = await asyncio.shield(loop.run_in_executor(self._thread, lambda: deed(*args, **kwargs)))
        for listener in self._listeners:
            listener()
        return result


async def open_world(
    folder: Path, starts_at: datetime, thread: ThreadPoolExecutor, standing: Iterable[Film] = ()
) -> WorldState:
    """Open the world in the thread that will own it; `standing` is what stands there before anything is done."""

    def open_here() -> WorldState:
        return WorldState(folder, starts_at, standing=standing)

    return await asyncio.get_running_loop().run_in_executor(thread, open_here)
