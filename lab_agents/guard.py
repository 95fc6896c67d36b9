"""One machine: the process that starts, watches and restarts the others, and holds the stop's latch."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from lab_agents.child import Child, ChildPlan
from lab_agents.children import Household
from lab_agents.epochs import EpochCounter
from lab_agents.errors import GuardError
from lab_agents.latch import Latch
from lab_agents.messages.frames import GuardStatus
from lab_agents.processes import identity
from lab_agents.remains import RecordedChild, Remains, record_children
from lab_agents.safe_states import Dial, SafeKeeper, dial, is_single_client
from lab_agents.state_folder import lock_holder
from lab_agents.stopping import Stopping

_LOG = logging.getLogger(__name__)


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
        self.stopping = Stopping(Latch(self._folder / "latch.json"), self._keepers, self.kill_agents, self.note)
        self._lost: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    def _keeper(self, name: str) -> SafeKeeper:
        def address() -> str | None:
            return (self.household.addresses() or {}).get(name)

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
            instruments=self.stopping.instruments,
            stops=latch.stops,
            rearms=latch.rearms,
            lost=tuple(sorted(self._lost)),
            draining=self.draining,
        )

    async def watch(self) -> None:
        """Start, beat with, restart and kill children until `is_ending` and none is left."""
        if self.stopping.latch.is_set:
            self.stopping.begin()
        last = beat_due = self._monotonic()
        while not (self.is_ending and all(child.pid is None for child in self.children.values())):
            now = self._monotonic()
            if now - last > 2 * self._settings.beat:
                # It was the guard itself that slept (frozen, a paused laptop): nobody could have been heard.
                for child in self.children.values():
                    child.forgive(now - last)
            last = now
            for child in self.children.values():
                self._look_after(child, now)
            if now >= beat_due:
                beat_due = now + self._settings.beat
                self._beat()
            self.wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.beat / 5):
                    await self.wake.wait()
        self.stopping.cancel()

    def _beat(self) -> None:
        for child in self.children.values():
            child.beat(draining=self.draining is not None)

    def _look_after(self, child: Child, now: float) -> None:
        try:
            self._advance(child, now)
        except Exception as error:  # noqa: BLE001 - the one place: it becomes a report with its trace
            # One child that cannot be started or looked at must not leave the others without their guard.
            _LOG.exception("Looking after %s failed.", child.plan.name)
            self._ended(child, f"{type(error).__name__}: {error}", now)

    def _advance(self, child: Child, now: float) -> None:
        how = child.take_end()
        if how is not None:
            self._ended(child, how, now)
        if child.pid is None:
            if self._may_start(child, now):
                self._start(child)
            return
        verdict = child.judge(now)
        if verdict == "dead":
            _LOG.warning("%s has been silent for too long and is killed.", child.plan.name)
            child.send(signal.SIGKILL)
        self._set_lost(child, is_lost=verdict != "fine")

    def _may_start(self, child: Child, now: float) -> bool:
        if self.is_ending or child.held is not None or now < child.not_before:
            return False
        if self._remains.is_standing(child.plan.name):
            return False
        if not child.plan.instruments:
            return True
        is_barred = self.stopping.latch.is_set or self.draining is not None
        return not is_barred and self.household.addresses() is not None

    def _start(self, child: Child) -> None:
        if self._adopt(child):
            return
        child.start(self._epochs.next(), self.wake.set)
        _LOG.info("%s started: process %s, epoch %d.", child.plan.name, child.pid, child.epoch)
        self._starts[child.plan.name] = datetime.now(UTC).isoformat()
        self._record()

    def _adopt(self, child: Child) -> bool:
        if child.plan.lock is None:
            return False
        known = next((c for c in self._remains.detached if c.name == child.plan.name), None)
        pid = lock_holder(child.plan.lock) or (known.pid if known else None)
        self._remains = Remains(self._remains.standing, (), self._remains.last_epoch)
        if pid is None or not child.adopt(pid, known.epoch if known else 0):
            return False
        self._starts[child.plan.name] = known.started if known else ""
        _LOG.info("%s was found running: process %d.", child.plan.name, pid)
        self._record()
        return True

    def _ended(self, child: Child, how: str, now: float) -> None:
        _LOG.warning("%s ended: %s.", child.plan.name, how)
        self._set_lost(child, is_lost=False)
        due = child.restarts.ended(now)
        if due is None and not self.is_ending:
            child.held = f"it ended {self._settings.restarts} times within a minute, last: {how}. See {child.plan.log}"
        child.not_before = due or now
        self._record()

    def _set_lost(self, child: Child, *, is_lost: bool) -> None:
        lost = self._lost | {child.plan.name} if is_lost else self._lost - {child.plan.name}
        if lost != self._lost:
            self._lost = lost
            self.note()

    def _record(self) -> None:
        rows = (
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
        machine, pid = self.household.machine, os.getpid()
        me = RecordedChild(
            role="guard", name=machine, pid=pid, identity=identity(pid) or "", epoch=self.epoch, started=self._started
        )
        record_children(self._folder / "children.json", me, tuple(rows))
        self.note()

    async def kill_agents(self) -> None:
        """Kill and reap every child that drives instruments; no finalizer of theirs moves anything."""
        owners = [child for child in self.children.values() if child.plan.instruments]
        for child in owners:
            child.send(signal.SIGKILL)
        while any(child.pid is not None for child in owners):
            for child in owners:
                if child.take_end() is not None:
                    child.restarts.forget()
            await asyncio.sleep(0.005)
        self._record()

    async def stand_by(self) -> None:
        """Keep connections to all instruments that serve more than one client, so that a stop loses no time."""
        laboratory = self.household.laboratory
        ready = [k for n, k in self._keepers.items() if not is_single_client(laboratory.instruments[n])]
        while True:
            if self.household.addresses() is not None and not self.stopping.latch.is_set:
                # Failures are looked at when it matters: a stop tries again, and says what it meets.
                await asyncio.gather(*(keeper.stand_by() for keeper in ready), return_exceptions=True)
            await self.wait_changed(self._settings.backoff)

    def hold(self, name: str, reason: str) -> None:
        """Kill a child and keep it from starting.

        Raises:
            GuardError: If there is no such child.
        """
        child = self._find(name)
        child.held = reason
        child.send(signal.SIGKILL)
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
