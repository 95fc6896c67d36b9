"""One agent's process: its loop, its jobs, and its engine where it drives instruments."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from instruments.lab import resolve_addresses
from lab_agents.agents.agent import Agent, Memory
from lab_agents.agents.behaviour import AnyBehaviour
from lab_agents.agents.counting import CountRunner
from lab_agents.agents.executor import ComputeRunner, Executor, Timers
from lab_agents.agents.gates import Gates
from lab_agents.agents.hands import HANDS, HandsRunner
from lab_agents.agents.motion import MotionRunner
from lab_agents.agents.status import StatusTeller
from lab_agents.agents.telemetry import TelemetryTeller, shown_of
from lab_agents.beat import Beat
from lab_agents.bus.protocol import Bus
from lab_agents.clock import Clock
from lab_agents.compute import ComputeClient
from lab_agents.errors import ForeignLogError, first_error
from lab_agents.journal import JournalIntents
from lab_agents.log import LogLink, Submitter
from lab_agents.process_place import Place
from lab_agents.records.laboratory import Laboratory
from lab_agents.state_folder import read_json

if TYPE_CHECKING:
    from instruments.engine import Engine

_log = logging.getLogger(__name__)

LOOK = 0.05
"""Wall seconds between two looks for a file that another process is about to write."""


class AgentProcess:
    """The parts of one agent's process, and the order in which they begin.

    Args:
        place: Where it stands.
        bus: Its bus, entered.
        clock: Laboratory time.
        beat: The pipe to its guard; None where nobody guards it.
        memory: Its journal.
        behaviour: The rules of its role.
    """

    def __init__(
        self, place: Place, bus: Bus, clock: Clock, beat: Beat | None, memory: Memory, behaviour: AnyBehaviour
    ) -> None:
        self._place, self._bus, self._clock, self._beat = place, bus, clock, beat
        self._journal, self._worker = memory.journal, memory.worker
        link = LogLink(bus, place.topics, place.name, place.epoch, place.settings)
        self._agent: Agent[Any] = Agent(place.name, behaviour, memory, link, clock, place.settings)
        self._submitter = Submitter(link, bus, place.topics, self._agent.outbox, place.settings)
        self._gates = Gates(link, self._guard_is_alive, place.settings)
        self._runners: dict[str, Any] = {}
        self._executor = Executor(self._agent, self._runners, self._gates)
        self._timers = Timers(self._agent)

    def _guard_is_alive(self) -> bool:
        if self._beat is None:
            return True
        self._gates.is_draining = self._beat.is_draining
        return self._beat.guard_is_alive

    async def run(self) -> None:
        """Be born, then serve until cancelled."""
        await self._gates.start(self._bus, self._place.topics)
        motions = await self._add_runners()
        runner = self._runners.get("motion")
        teller = StatusTeller(self._agent, self._executor, self._bus, self._place.topics, motions, runner)
        if self._beat is not None:
            # Only what moves: a motion that waits at its closed gate would keep the machine from ever ending.
            self._beat.is_working = lambda: (
                (motions is not None and bool(motions.motions())) or self._agent.outbox_size > 0
            )
        async with asyncio.TaskGroup() as group:
            group.create_task(teller.run())
            try:
                await self._serve(motions)
            except* ForeignLogError as errors:
                self._stop_following(str(first_error(errors)))

    def _stop_following(self, reason: str) -> None:
        """Start nothing more and say why, until a person ends this process: a restart would meet the same log."""
        _log.error("%s", reason)
        self._agent.stuck = reason
        self._agent.changed.set()
        if self._beat is not None:
            self._beat.is_working = lambda: False

    async def _serve(self, motions: "Engine | None") -> None:
        async with asyncio.TaskGroup() as group:
            await self._agent.be_born(self._submitter)
            if motions is not None:
                await _connect(motions)
                group.create_task(self._telemetry(motions).run())
            for part in (self._agent.follow(), self._submitter.run(), self._executor.run(), self._timers.run()):
                group.create_task(part)
            group.create_task(self._agent.keep_position())
            if self._place.role == "supervision":
                from lab_agents.agents.deaf_channels import DeafChannels
                from lab_agents.agents.watching import Watching

                place = self._place
                blobs = await asyncio.to_thread(lambda: place.blobs)
                channels = DeafChannels(place.folder.pending_notices, place.laboratory.notifications)
                group.create_task(Watching(self._agent, self._bus, place.topics, blobs, channels).run())

    def _telemetry(self, engine: "Engine") -> TelemetryTeller:
        """What tells people what the instruments show."""
        laboratory = self._place.laboratory
        own = {name: laboratory.instruments[name] for name in laboratory.agents[self._place.name].instruments}
        return TelemetryTeller(engine, shown_of(own), self._bus, self._place.topics, self._clock)

    async def _add_runners(self) -> "Engine | None":
        place = self._place
        self._runners["compute"] = ComputeRunner(ComputeClient(place.folder.compute))
        if place.role == "person":
            self._runners["load"] = HandsRunner(lambda: _find_hands(place), place.settings)
        if not place.laboratory.agents[place.name].instruments:
            return None
        from instruments.engine import Engine, EngineSetup

        laboratory = await _located(place)
        documents = place.folder.documents / place.name
        setup = EngineSetup(laboratory, place.name, place.epoch, documents, place.settings)
        blobs = await asyncio.to_thread(lambda: place.blobs)
        engine = Engine(setup, JournalIntents(self._journal, self._worker), self._clock, blobs)
        engine.on_change(self._agent.changed.set)
        self._runners["count"] = CountRunner(engine, place.settings)
        self._runners["motion"] = MotionRunner(
            engine,
            self._journal,
            self._worker,
            self._gates.check,
            lambda: self._agent.rebuilt_until,
            place.settings,
            self._clock.now,
            lambda job, act: self._agent.state.withheld(job, act),
        )
        return engine


async def _located(place: Place) -> Laboratory:
    """The laboratory with real ports; a simulated one may still be opening them."""
    if place.laboratory.simulation is None:
        return place.laboratory
    while not await asyncio.to_thread(place.folder.addresses.exists):  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(LOOK)
    return resolve_addresses(place.laboratory, await asyncio.to_thread(read_json, place.folder.addresses))


def _find_hands(place: Place) -> str | None:
    """Where the simulated laboratory takes the hands of its person; None while it listens nowhere."""
    if not place.folder.addresses.exists():
        return None
    address: str | None = read_json(place.folder.addresses).get(HANDS)
    return address


async def _connect(engine: "Engine") -> None:
    """Connect every instrument, however long it takes: nothing starts before."""
    from instruments.errors import TransportError

    while True:
        try:
            await engine.connect()
        except TransportError as error:
            _log.warning("%s", error)
            await asyncio.sleep(1.0)
        else:
            return
