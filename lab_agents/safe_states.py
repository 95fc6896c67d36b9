"""Bringing instruments into their safe states, over the transports alone, and seeing that they stay there."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Literal, Protocol

from instruments.addresses import parse_address
from instruments.drivers import load_driver
from instruments.errors import TransportError
from instruments.transports.connection import Connection, Value
from lab_agents.messages.frames import InstrumentState
from lab_agents.records.laboratory import InstrumentDeclaration, SafeWrite
from lab_agents.settings import DEFAULT, Settings

TRIES = 2
"""Failures one after the other before a trouble is told as the answer to a stop."""
LOOK_AGAIN = 0.05
"""Wall seconds between two reads of a value that is still on its way."""
MAX_DETAIL = 500
"""Characters of what is said about one instrument: drivers quote whole packets."""


class Line(Protocol):
    """One kept connection to one instrument; every method raises `TransportError`."""

    async def connect(self) -> None:
        """Connect now, so that the next write is fast."""
        ...

    async def read(self, signal: str) -> Value:
        """Read a signal."""
        ...

    async def write(self, signal: str, value: Value) -> None:
        """Write once."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


Trouble = tuple[Literal["not confirmed", "unreachable"], str]
"""What is wrong with an instrument, and the detail."""

Dial = Callable[[str, InstrumentDeclaration, str], Line]
"""Name, declaration and present address in, a line (not yet connected) out."""


def dial(name: str, declaration: InstrumentDeclaration, address: str) -> Line:
    """A line by the instrument's own light driver.

    Raises:
        InstrumentError: If there is no such driver, or the address cannot be meant.
    """
    wire = load_driver(declaration.driver).wire(parse_address(address), DEFAULT.request)
    return Connection(wire, f"{name} at {address}", DEFAULT.request)


class SafeKeeper:
    """Brings one instrument into its safe state: writes, reads back, asserts again until it has stayed there.

    Args:
        name: The instrument.
        declaration: With its safe state, in the order of writing.
        address: Its present address, or None while nobody knows it.
        dial: Makes lines.
        settings: `safe_for`, and `beat` between two assertions.
        monotonic: Source of wall seconds.
        pause: Waits wall seconds.

    Attributes:
        state: What is known of it.
        is_settled: Whether `state` answers the stop that began last.
        stands_by: Whether a connection waits to be written to at once.
        written_at: When every write of the safe state had been acknowledged since that stop began; None until then.
    """

    def __init__(
        self,
        name: str,
        declaration: InstrumentDeclaration,
        address: Callable[[], str | None],
        *,
        dial: Dial = dial,
        settings: Settings = DEFAULT,
        monotonic: Callable[[], float] | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.state = InstrumentState(state="not asked")
        self.is_settled = False
        self.written_at: datetime | None = None
        self._written: set[str] = set()
        self._declaration, self._address, self._dial = declaration, address, dial
        self._settings, self._pause = settings, pause
        self._monotonic = monotonic or (lambda: asyncio.get_running_loop().time())
        self._line: Line | None = None
        self.stands_by = False
        self._dialled = ""

    def is_single_client(self) -> bool:
        """Whether the instrument serves one client: then nobody else may stay connected while its agent lives."""
        return load_driver(self._declaration.driver).traits.single_client

    async def stand_by(self) -> None:
        """Connect beforehand, so that a stop loses no time.

        Raises:
            InstrumentError: If the instrument cannot be reached; a stop tries again.
        """
        stands_by = False
        try:
            # What stood by does so while it is looked at: a stop may come in that moment.
            line = await self._find_line()
            if line is not None:
                await line.connect()
                stands_by = True
        finally:
            self.stands_by = stands_by

    async def hang_up(self) -> None:
        """Disconnect."""
        line, self._line, self.stands_by = self._line, None, False
        if line is not None:
            await line.close()

    def begin(self) -> None:
        """Forget what an earlier stop found: `is_settled` and `written_at` are about the one that begins."""
        self.is_settled, self.written_at, self._written = False, None, set()

    async def write_at_once(self) -> None:
        """Write the safe state once where a connection stands by, and conclude nothing from it; `make_safe` does.

        Cancelled in the middle of a write it gives the connection up, so that a late answer is nobody else's.
        """
        if self.stands_by:
            await self._assert_once(reads_back=False)

    async def make_safe(self, report: Callable[[], None]) -> None:
        """Return once the instrument has stayed in its safe state for `safe_for`; try for ever where it does not.

        Args:
            report: Called whenever `state` or `is_settled` has changed; the latter says whether `state` is more than a
                step on the way.
        """
        since: float | None = None
        n_troubles = 0
        while since is None or self._monotonic() - since < self._settings.safe_for:
            trouble = await self._assert_once()
            if trouble is None:
                since, n_troubles = self._monotonic() if since is None else since, 0
                self._set("not confirmed", f"safe so far, watched for {self._settings.safe_for:g} s", report)
            else:
                since, n_troubles = None, n_troubles + 1
                self._set(*trouble, report)
            # One lost answer is no answer to people: it is tried again at once.
            self.is_settled = n_troubles >= TRIES
            if n_troubles == TRIES:
                report()
            await self._pause(self._settings.beat if n_troubles != 1 else LOOK_AGAIN)
        self.is_settled = True
        self._set("safe at", "", report)

    async def _assert_once(self, *, reads_back: bool = True) -> Trouble | None:
        """Write all of the safe state in order, also what follows a write that failed: it may be the heater."""
        if not self._declaration.safe_state:
            return "not confirmed", "the lab file declares no safe state for it"
        writes = self._declaration.safe_state
        troubles = [trouble for write in writes if (trouble := await self._assert(write, reads_back=reads_back))]
        return min(troubles, key=lambda trouble: trouble[0] != "unreachable", default=None)

    async def _assert(self, write: SafeWrite, *, reads_back: bool) -> Trouble | None:
        task = asyncio.ensure_future(self._write(write, reads_back=reads_back))
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        # Looked at, not caught: whatever a foreign driver raises must end neither this watch nor another's.
        error = task.exception()
        if error is not None:
            # It may have moved: the next try looks where it is.
            self.stands_by = False
        return task.result() if error is None else ("unreachable", str(error) or type(error).__name__)

    async def _write(self, write: SafeWrite, *, reads_back: bool) -> Trouble | None:
        # What stood by a moment ago is written to at once: fifty looks at the addresses would take longer than a stop.
        line = self._line if self.stands_by else await self._find_line()
        if line is None:
            return "unreachable", "its address is not known: the simulated laboratory has not said where it listens"
        await line.write(write.signal, write.value)
        self._note_written(write.signal)
        deadline = self._monotonic() + write.within
        while reads_back and not _matches(found := await line.read(write.read_back), write.expected):
            if self._monotonic() >= deadline:
                return "not confirmed", f"{write.read_back} is {found}, not {write.expected:g}"
            await self._pause(LOOK_AGAIN)
        return None

    def _note_written(self, signal: str) -> None:
        self._written.add(signal)
        if self.written_at is None and self._written >= {write.signal for write in self._declaration.safe_state}:
            self.written_at = datetime.now(UTC)

    async def _find_line(self) -> Line | None:
        # Addresses stand in a file and drivers are imported when first needed: both in a thread.
        address = await asyncio.to_thread(self._address)
        if address is None:
            return None
        if self._line is None or address != self._dialled:
            await self.hang_up()
            self._line = await asyncio.to_thread(self._dial, self.name, self._declaration, address)
            self._dialled = address
        return self._line

    def _set(self, state: str, detail: str, report: Callable[[], None]) -> None:
        new = InstrumentState.model_validate({"state": state, "at": datetime.now(UTC), "detail": detail[:MAX_DETAIL]})
        if (new.state, new.detail) != (self.state.state, self.state.detail):
            self.state = new
            report()


def _matches(found: Value, expected: float) -> bool:
    try:
        return math.isclose(float(found), expected, rel_tol=1e-6, abs_tol=1e-6)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TransportError(f"the read-back is {found!r}, where a number was expected") from None
