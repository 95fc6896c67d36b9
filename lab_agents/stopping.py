"""The emergency stop of one machine: latch, kill, safe states, read-back, report.

It is a stop request: a laboratory's hardware interlocks stay the safety function.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from lab_agents.errors import GuardError
from lab_agents.latch import Latch
from lab_agents.messages.frames import InstrumentState, Rearm, StopRequest
from lab_agents.safe_states import SafeKeeper
from lab_agents.stop_report import InstrumentStop, StopReport
from lab_agents.unread_stop import is_unread

LATCH_WITHIN = 1.0
"""Wall seconds that the disk may take for the latch; meanwhile, and where it takes none, the latch in memory holds."""
LATCH_AHEAD = 0.05
"""Wall seconds for which the first safe writes let the latch go ahead, with the drivers frozen already: a library that
takes the guard down when it writes must leave a latch to the next guard. A slower disk is not waited for: much longer,
and it would cost all that a stop may take."""
KILL_WITHIN = 2.0
"""Wall seconds that killing may take before the safe states are written anyway: SIGKILL takes milliseconds, longer
means that a process hangs in the kernel, where it writes nothing either."""

AT_ONCE = 0.1
"""Wall seconds for which killing waits for the first safe writes, while the drivers are frozen: an instrument that
serves one client, so that its driver must be gone first, waits so long for another that has ceased to answer."""
LATE = 0.25
"""Wall seconds for which an instrument's own first write is waited for when its driver is gone, before it is cut off
and made again: a busy machine may take that long."""

_LOG = logging.getLogger(__name__)

Kill = Callable[[Callable[[], Coroutine[Any, Any, None]]], Coroutine[Any, Any, None]]
"""Kills and reaps every process that drives an instrument of this machine.

It awaits what it is given before it kills, and freezes them before that where it can: a frozen process executes
nothing, and the kernel is not yet busy with clearing a dozen of them away."""

Keep = Callable[[StopReport], None]
"""Puts a report where it stays."""


class Stopping:
    """Holds the latch and brings the machine's instruments into their safe states.

    Args:
        latch: The latch, on disk.
        keepers: One for each instrument of this machine.
        kill: See `Kill`.
        report: Called whenever something that people should see has changed.
        keep: Keeps a report of each stop in force, in a thread; called once every instrument has an answer, and again
            when every one is safe.
        machine: This machine, for that report.
        drilled: The last drill here after which every instrument was confirmed safe.
    """

    def __init__(
        self,
        latch: Latch,
        keepers: Mapping[str, SafeKeeper],
        kill: Kill,
        report: Callable[[], None] = lambda: None,
        *,
        keep: Keep = lambda _: None,
        machine: str = "main",
        drilled: StopRequest | None = None,
    ) -> None:
        self.latch = latch
        self._keepers, self._kill, self._report = keepers, kill, report
        self._keep, self._machine, self.drilled = keep, machine, drilled
        self.is_recorded = True
        self.is_reported = False
        self._heard: dict[str, datetime] = {}
        self._task: asyncio.Task[None] | None = None
        self._at_once: dict[str, asyncio.Task[None]] = {}

    @property
    def instruments(self) -> dict[str, InstrumentState]:
        """What is known of each instrument since the last stop."""
        return {name: keeper.state for name, keeper in self._keepers.items()}

    @property
    def is_settled(self) -> bool:
        """Whether every instrument has an answer, for better or worse."""
        return all(keeper.is_settled for keeper in self._keepers.values())

    def stop(self, request: StopRequest) -> bool:
        """Latch and begin; returns at once. From here on nothing starts.

        Of requests that could not be read one stands for all, as long as it is in force: noise without end must not
        fill the latch, nor begin the stop again and again.

        Returns:
            False where that stop was lifted before; nothing happens then.
        """
        if is_unread(request) and any(is_unread(stop) for stop in self.latch.stops):
            return True
        is_new = self.latch.hold(request)
        if is_new:
            self._heard[request.id] = datetime.now(UTC)
            self.is_recorded = False
            self.begin()
        return is_new or any(stop.id == request.id for stop in self.latch.stops)

    def begin(self) -> None:
        """Do all of it from the killing on; also at the start of a guard that finds the latch set."""
        self.cancel()
        self.is_reported = False
        for keeper in self._keepers.values():
            keeper.begin()
        self._task = asyncio.create_task(self._carry_out(), name="emergency stop")
        self._report()

    async def rearm(self, rearm: Rearm) -> None:
        """Lift one stop. With none left, what still waits for a safe state gives up.

        Raises:
            GuardError: See `Latch.lift`; also if the disk does not take it.
        """
        try:
            await asyncio.to_thread(self.latch.lift, rearm)
        except OSError as error:
            raise GuardError(f"The latch could not be lifted on disk: {error}. Nothing was lifted.") from error
        if not self.latch.is_set:
            self.cancel()
            # The file says so: whoever still writes the latch writes what has just been lifted, or was before it.
            self.is_recorded = True
        self._report()

    def cancel(self) -> None:
        """Give up what still waits; the latch stays as it is."""
        for task in (self._task, *self._at_once.values()):
            if task is not None:
                task.cancel()
        self._task, self._at_once = None, {}

    async def _carry_out(self) -> None:
        begun_at, stops = datetime.now(UTC), self.latch.stops
        # Looked at only by their ends: safe states are written also where the disk is full or a process hangs.
        latching = asyncio.create_task(self._put_on_disk(asyncio.current_task()), name="latch")
        killing = self._kill(partial(self._while_frozen, asyncio.current_task(), latching))
        within = LATCH_WITHIN + KILL_WITHIN
        await _attempt("every process that drives an instrument could be killed", killing, within)
        killed_at, latched_at = datetime.now(UTC), await latching
        # All of them: one that another stop overtook, or whose guard died, would be told by nobody.
        done = tuple(
            StopReport(
                stop=stop,
                machine=self._machine,
                heard_at=self._heard.get(stop.id, begun_at),
                latched_at=latched_at,
                killed_at=killed_at,
            )
            for stop in stops
        )
        settled = asyncio.Event()

        def note() -> None:
            if self.is_settled:
                settled.set()
            self._report()

        async with asyncio.TaskGroup() as all_at_once:
            for keeper in self._keepers.values():
                all_at_once.create_task(self._make_safe(keeper, note), name=f"safe state of {keeper.name}")
            all_at_once.create_task(self._tell_after(settled, done), name="reports of the stops")
        await self._tell(done)

    async def _put_on_disk(self, carrying_out: asyncio.Task[None] | None) -> datetime:
        await _attempt("the latch could be written", asyncio.to_thread(self.latch.save), LATCH_WITHIN)
        if self._task is carrying_out:
            self.is_recorded = True
            self._report()
        return datetime.now(UTC)

    async def _while_frozen(self, carrying_out: asyncio.Task[None] | None, latching: asyncio.Task[datetime]) -> None:
        """Write every safe state for the first time; when nothing drives them they are written again, and read back."""
        await asyncio.wait({latching}, timeout=LATCH_AHEAD)
        # Killing goes on where another stop has begun or this one was lifted; writing is the other one's, or no one's.
        if self._task is carrying_out:
            for name, keeper in self._keepers.items():
                self._at_once[name] = asyncio.create_task(keeper.write_at_once(), name=f"first write of {name}")
            if self._at_once:
                await asyncio.wait(self._at_once.values(), timeout=AT_ONCE)
        # Whoever finds the frozen drivers dead finds the reason.
        await asyncio.wait({latching})

    async def _make_safe(self, keeper: SafeKeeper, note: Callable[[], None]) -> None:
        late = self._at_once.get(keeper.name)
        if late is not None:
            # What a frozen driver kept from answering is asked again.
            await asyncio.wait({late}, timeout=LATE)
            late.cancel()
            await asyncio.wait({late})
        await keeper.make_safe(note)

    async def _tell_after(self, settled: asyncio.Event, done: Sequence[StopReport]) -> None:
        await settled.wait()
        await self._tell(done)

    async def _tell(self, done: Sequence[StopReport]) -> None:
        found = {n: InstrumentStop(written_at=k.written_at, state=k.state) for n, k in self._keepers.items()}
        reports = [report.model_copy(update={"instruments": found}) for report in done]
        for report in reports:
            if report.has_passed:
                self.drilled = report.stop
        kept = asyncio.to_thread(self._keep_all, reports)
        await _attempt("the reports of the stops could be kept", kept, LATCH_WITHIN)
        self.is_reported = True
        self._report()

    def _keep_all(self, reports: Sequence[StopReport]) -> None:
        for report in reports:
            self._keep(report)


async def _attempt(what: str, work: Coroutine[Any, Any, None], within: float) -> None:
    task = asyncio.create_task(work, name=what)
    await asyncio.wait({task}, timeout=within)
    if not task.done():
        _LOG.error("Not within %g s: %s. Going on.", within, what)
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    elif task.exception() is not None:
        _LOG.error("Not so: %s. Going on.", what, exc_info=task.exception())
