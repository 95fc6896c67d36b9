"""One machine: the process that starts, watches and restarts the others, and holds the stop's latch."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from lab_agents.child import Child, ChildPlan, Launch, Verdict, with_last_words
from lab_agents.children import Household
from lab_agents.epochs import EpochCounter
from lab_agents.errors import GuardError
from lab_agents.latch import Latch
from lab_agents.messages.frames import GuardStatus, InstrumentState
from lab_agents.permits import HeardPermit
from lab_agents.processes import identity
from lab_agents.remains import RecordedChild, Remains, record_children
from lab_agents.safe_states import Dial, SafeKeeper, dial
from lab_agents.state_folder import lock_holder
from lab_agents.stop_report import find_drilled, keep_report
from lab_agents.stopping import Stopping

_LOG = logging.getLogger(__name__)

FAILING = 2
"""Ends within a minute after which people are told: one is a mishap, a second one begins to be a reason."""
MAX_DETAILS = 64 * 1024
"""Characters of detail in a status, of all instruments together; the reports of stops have the whole. With four bytes
to a character, and some 110 of its own to each instrument, that of two thousand instruments passes through a bus."""


class Guard:
    """Watches the children of one machine. Its lock is held by whoever makes it.

    Args:
        household: The machine, its laboratory and state folder.
        remains: What `bury` found.
        plans: The children; those of the household unless a test has its own.
        monotonic: Source of wall seconds.
        dial: Makes lines to instruments.
    """

    def __init__(
        self,
        household: Household,
        remains: Remains | None = None,
        *,
        plans: tuple[ChildPlan, ...] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        dial: Dial = dial,
    ) -> None:
        self.household = household
        self.draining: str | None = None
        self.is_ending = False
        self.wake = asyncio.Event()
        self._settings, self._monotonic, self._dial = household.settings, monotonic, dial
        self._remains = remains or Remains()
        self._folder = household.folder.guard(household.machine)
        self._epochs = EpochCounter(self._folder / "counter.json")
        self.epoch = self._epochs.next(above=self._remains.last_epoch)
        self._started = datetime.now(UTC).isoformat()
        self._starts: dict[str, str] = {}
        plans = household.plans() if plans is None else plans
        self.children = {plan.name: Child(plan, monotonic, self._settings) for plan in plans}
        self._keepers = {name: self._keeper(name) for name in household.instruments}
        self.stopping = Stopping(
            Latch(self._folder / "latch.json"),
            self._keepers,
            self.kill_agents,
            self.note,
            keep=partial(keep_report, self._folder),
            machine=household.machine,
            drilled=find_drilled(self._folder),
        )
        self._securing: dict[str, asyncio.Task[None]] = {}
        self.permit = HeardPermit(self._settings, monotonic)
        self._lost: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self._is_unwritten = True

    def _keeper(self, name: str) -> SafeKeeper:
        def address() -> str | None:
            known = self.household.addresses()
            if known is None:
                return None
            # Channel Access reads its environment once, when it is first used: not before the addresses are known.
            os.environ.update(self.household.epics_environment(self.household.instruments))
            return known.get(name)

        declaration = self.household.laboratory.instruments[name]
        return SafeKeeper(name, declaration, address, dial=self._dial, settings=self._settings)

    def note(self) -> None:
        """Something that people should see has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_changed(self, within: float) -> None:
        """Return at the next change, or after `within` wall seconds."""
        changed = self._changed
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await changed.wait()

    def status(self, *, alive: bool = True) -> GuardStatus:
        """How this machine stands."""
        latch = self.stopping.latch
        return GuardStatus(
            machine=self.household.machine,
            epoch=self.epoch,
            pid=os.getpid(),
            alive=alive,
            latched=latch.stops[0].id if latch.is_set else None,
            children={name: child.pid for name, child in self.children.items() if child.pid is not None},
            held={name: child.held for name, child in self.children.items() if child.held is not None},
            failing={name: child.last_end for name, child in self.children.items() if self._is_failing(child)},
            instruments=shortened(self.stopping.instruments),
            stops=latch.stops,
            rearms=latch.rearms,
            lost=tuple(sorted(self._lost)),
            draining=self.draining,
            drilled=self.stopping.drilled,
        )

    def _is_failing(self, child: Child) -> bool:
        return child.held is None and child.restarts.count(self._monotonic()) >= FAILING

    async def watch(self) -> None:
        """Start, beat with, restart and kill children until `is_ending` and none is left."""
        if self.stopping.latch.is_set:
            self.stopping.begin()
        beating = asyncio.create_task(self._beat(), name="beat")
        try:
            while not (self.is_ending and all(child.pid is None for child in self.children.values())):
                now = self._monotonic()
                for child in self.children.values():
                    await self._look_after(child, now)
                if self._is_unwritten:
                    await self._record()
                self.wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.beat / 5):
                        await self.wake.wait()
        finally:
            self.stopping.cancel()
            for task in (beating, *self._securing.values()):
                task.cancel()
            await asyncio.wait({beating, *self._securing.values()})

    async def _beat(self) -> None:
        # A task of its own: a disk that takes seconds for an epoch must not look like a dead guard.
        last = self._monotonic()
        while True:
            now = self._monotonic()
            if now - last > 2 * self._settings.beat:
                # It was the guard itself that slept (frozen, a paused laptop): nobody could have been heard.
                self._forgive(now - last)
            for child in self.children.values():
                child.beat(draining=self.draining is not None)
            last = now
            await asyncio.sleep(self._settings.beat)

    def _forgive(self, pause: float) -> None:
        self.permit.forgive(pause)
        for child in self.children.values():
            child.forgive(pause)

    async def _look_after(self, child: Child, now: float) -> None:
        try:
            await self._advance(child, now)
        except Exception as error:  # noqa: BLE001 - the one place: it becomes a report with its trace
            # One child that cannot be started or looked at must not leave the others without their guard.
            _LOG.exception("Looking after %s failed.", child.plan.name)
            self._ended(child, f"{type(error).__name__}: {error}", now)

    async def _advance(self, child: Child, now: float) -> None:
        how = child.take_end()
        if child.is_adopted and await asyncio.to_thread(identity, child.pid or 0) != child.identity:
            how = child.abandon()
        if how is not None:
            self._ended(child, await asyncio.to_thread(with_last_words, how, child.plan.log), now)
        if child.pid is None:
            if self._may_start(child, now):
                await self._start(child, now)
            return
        verdict = child.judge(now)
        is_unpermitted = verdict == "lost" or child.has_outlived(self.permit.lost_at(now))
        if verdict == "dead" or child.held is not None or (is_unpermitted and self._safe_at_once(child)):
            self._condemn(child, verdict)
        self._set_lost(child, is_lost=verdict != "fine")

    def _condemn(self, child: Child, verdict: Verdict) -> None:
        if not child.is_condemned:
            why = "its permit is lost" if verdict == "fine" else f"silent, {verdict}"
            _LOG.warning("%s is killed: %s.", child.plan.name, child.held or why)
            child.is_condemned = True
        child.send(signal.SIGKILL)

    def _safe_at_once(self, child: Child) -> list[SafeKeeper]:
        """Of the child's instruments those that must not be left to themselves when nobody drives them."""
        declared = self.household.laboratory.instruments
        return [self._keepers[name] for name in child.plan.instruments if declared[name].lost_permit == "safe"]

    async def _secure(self, child: Child) -> None:
        await asyncio.gather(*(keeper.make_safe(self.note) for keeper in self._safe_at_once(child)))

    def _may_start(self, child: Child, now: float) -> bool:
        if self.is_ending or child.held is not None or now < child.not_before:
            return False
        securing = self._securing.get(child.plan.name)
        if securing is not None and not securing.done():
            return False
        is_barred = self.stopping.latch.is_set or self.draining is not None
        return not (is_barred and child.plan.instruments)

    async def _start(self, child: Child, now: float) -> None:
        if child.plan.lock is not None and await asyncio.to_thread(self._adopt, child, child.plan.lock):
            return
        launch = await asyncio.to_thread(self._prepare, child)
        if launch is None:
            return
        if not self._may_start(child, now):
            # A stop came while the disk was busy.
            launch.close()
            return
        child.start(launch, self.wake.set)
        _LOG.info("%s started: process %s, epoch %d.", child.plan.name, child.pid, child.epoch)
        self._starts[child.plan.name] = datetime.now(UTC).isoformat()
        self._is_unwritten = True

    def _prepare(self, child: Child) -> Launch | None:
        """In a thread: all of a start that may wait for a disk; None where it is too early."""
        if self._remains.is_standing(child.plan.name) or not self.household.is_ready_for(child.plan.instruments):
            return None
        return child.prepare(self._epochs.next())

    def _adopt(self, child: Child, lock: Path) -> bool:
        """In a thread: find the process that an earlier guard had started, by its lock."""
        known = next((c for c in self._remains.detached if c.name == child.plan.name), None)
        self._remains = Remains(self._remains.standing, (), self._remains.last_epoch)
        pid = lock_holder(lock) or (known.pid if known else 0)
        name = identity(pid)
        if name is None:
            return False
        child.adopt(pid, known.epoch if known else 0, name)
        self._starts[child.plan.name] = known.started if known else ""
        _LOG.info("%s was found running: process %d.", child.plan.name, pid)
        self._is_unwritten = True
        return True

    def _ended(self, child: Child, how: str, now: float) -> None:
        _LOG.warning("%s ended: %s", child.plan.name, how)
        child.last_end = how
        self._set_lost(child, is_lost=False)
        due = child.restarts.ended(now)
        if due is None and child.held is None and not self.is_ending:
            child.held = f"it ended {self._settings.restarts} times within a minute, last: {how}. See {child.plan.log}"
        child.not_before = due or now
        self._is_unwritten = True
        if self._safe_at_once(child) and not self.is_ending and not self.stopping.latch.is_set:
            self._securing[child.plan.name] = asyncio.create_task(self._secure(child), name=f"secure {child.plan.name}")

    def _set_lost(self, child: Child, *, is_lost: bool) -> None:
        lost = self._lost | {child.plan.name} if is_lost else self._lost - {child.plan.name}
        if lost != self._lost:
            self._lost = lost
            self.note()

    async def _record(self) -> None:
        self._is_unwritten = False
        for child in self.children.values():
            if child.pid is not None and child.identity is None:
                child.identity = await asyncio.to_thread(identity, child.pid)
        rows = tuple(
            RecordedChild(
                role=child.plan.role,
                name=name,
                pid=child.pid,
                identity=child.identity,
                epoch=child.epoch,
                started=self._starts.get(name, ""),
                detached=child.plan.is_detached,
            )
            for name, child in self.children.items()
            if child.pid is not None and child.identity is not None
        )
        self.note()
        await asyncio.to_thread(self._write_children, rows)

    def _write_children(self, rows: tuple[RecordedChild, ...]) -> None:
        me = RecordedChild(
            role="guard",
            name=self.household.machine,
            pid=os.getpid(),
            identity=identity(os.getpid()) or "",
            epoch=self.epoch,
            started=self._started,
        )
        record_children(self._folder / "children.json", me, rows)

    async def kill_agents(self, frozen: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Freeze, then kill and reap every child that drives instruments; no finalizer of theirs moves anything.

        Only where connections stand by has anybody something to do meanwhile: other drivers are killed at once.

        Args:
            frozen: Awaited when none of them executes anything any more, before the frozen ones are killed.
        """
        for securing in self._securing.values():
            securing.cancel()
        owners = [child for child in self.children.values() if child.plan.instruments]
        for child in owners:
            child.send(signal.SIGSTOP if self._stands_by(child) else signal.SIGKILL)
        try:
            await frozen()
        finally:
            for child in owners:
                child.send(signal.SIGKILL)
        while any(child.pid is not None for child in owners):
            for child in owners:
                if child.take_end() is not None:
                    child.restarts.forget()
            await asyncio.sleep(0.005)
        self._is_unwritten = True

    def _stands_by(self, child: Child) -> bool:
        return any(name in self._keepers and self._keepers[name].stands_by for name in child.plan.instruments)

    async def stand_by(self) -> None:
        """Keep connections to all instruments that serve more than one client, so that a stop loses no time."""
        ready = [keeper for keeper in self._keepers.values() if not await asyncio.to_thread(keeper.is_single_client)]
        while True:
            if not self.stopping.latch.is_set:
                # Failures are looked at when it matters: a stop tries again, and says what it meets.
                await asyncio.gather(*(keeper.stand_by() for keeper in ready), return_exceptions=True)
            await asyncio.sleep(self._settings.lost)

    def hold(self, name: str, reason: str) -> None:
        """Kill a child and keep it from starting.

        Raises:
            GuardError: If there is no such child.
        """
        child = self._find(name)
        child.held = reason
        self.wake.set()
        self.note()

    def release(self, name: str) -> None:
        """Let a held child start again.

        Raises:
            GuardError: If there is no such child.
        """
        child = self._find(name)
        child.held, child.not_before = None, 0.0
        child.restarts.forget()
        self.wake.set()
        self.note()

    def _find(self, name: str) -> Child:
        if name not in self.children:
            known = ", ".join(self.children)
            raise GuardError(f"There is no child {name!r} on machine {self.household.machine}; there are {known}.")
        return self.children[name]


def shortened(states: Mapping[str, InstrumentState]) -> dict[str, InstrumentState]:
    """The states with their details cut to equal shares of `MAX_DETAILS`."""
    share = MAX_DETAILS // max(1, len(states))
    return {
        name: state if len(state.detail) <= share else state.model_copy(update={"detail": state.detail[:share]})
        for name, state in states.items()
    }
