"""What every laboratory of mortal processes has: a house, a recorder, agents with journals, a log to look at."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from instruments.protocols import Intents, Motions
from lab_agents.agents.agent import Agent, Memory
from lab_agents.agents.behaviour import AnyBehaviour
from lab_agents.agents.executor import Executor, Runner, Timers
from lab_agents.agents.gates import Gates
from lab_agents.agents.motion import MotionRunner
from lab_agents.agents.status import StatusTeller, will
from lab_agents.agents.supervision import Supervision
from lab_agents.agents.watching import Watching
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import Clock, FollowedClock
from lab_agents.journal import Journal, JournalIntents
from lab_agents.log import LogLink, Submitter
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.frames import Header, Logged, pack, unpack_logged
from lab_agents.messages.topics import Topics
from lab_agents.recorder import Recorder
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder
from lab_agents.store.writer import LogWriter
from tests.kill.house import House, IsDue, Process
from tests.kill.loop import InlineWorker
from tests.kill.toy import STARTED


class Night:
    """One night of a laboratory.

    Args:
        folder: Where its state folder is made.
        laboratory: The declaration.
        carrier: The bus.
        is_due: Who dies when.
        settings: Times.
    """

    def __init__(
        self,
        folder: Path,
        laboratory: Laboratory,
        carrier: MemoryCarrier,
        is_due: IsDue,
        settings: Settings = DEFAULT,
    ) -> None:
        self.folder = StateFolder.create(folder / "state", laboratory.name, f"name: {laboratory.name}\n".encode())
        self.laboratory, self.settings, self.topics = laboratory, settings, Topics(laboratory.name)
        self.house = House(carrier, is_due)
        self.clock: Clock = FollowedClock(STARTED)
        self.agents: dict[str, Agent[Any]] = {}

    async def record(self, me: Process) -> None:
        """The recorder's life."""
        writer = LogWriter(self.folder.store, self.laboratory.name, lambda _connection, _logged: None)
        me.keep(writer.close)
        blobs = DirectoryBlobs(self.folder.path / "blobs")
        worker = InlineWorker(me)
        recorder = Recorder(writer, worker, me.make_bus(), blobs, self.clock, self.topics, self.settings)
        await recorder.open(self.laboratory, "0" * 64, "1")
        await recorder.run()

    async def live(
        self,
        me: Process,
        behaviour: AnyBehaviour,
        epoch: int,
        runners: Mapping[str, Runner] | None = None,
        motions: Callable[[Intents], Motions] | None = None,
    ) -> None:
        """An agent's life, put together as its process does it; `motions` stands for its engine."""
        loop, topics = asyncio.get_running_loop(), self.topics
        bus = me.make_bus((topics.build("agent_status", source=me.name), will(me.name, epoch)))
        journal = me.open_journal(Journal(self.folder.path / "journals" / f"{me.name}.sqlite", me.name))
        link, worker = LogLink(bus, topics, me.name, epoch, self.settings), InlineWorker(me)
        agent: Agent[Any] = Agent(me.name, behaviour, Memory(journal, worker), link, self.clock, self.settings)
        self.agents[me.name] = agent
        submitter = Submitter(link, bus, topics, agent.outbox, self.settings)
        gates = Gates(link, lambda: True, self.settings, loop.time)
        await gates.start(bus, topics)
        engine = None if motions is None else motions(JournalIntents(journal, worker))
        runner = None if engine is None else self._runner(agent, engine, journal, worker, gates)
        given = dict(runners or {}) | ({} if runner is None else {"motion": runner})
        executor = Executor(agent, given, gates)
        teller = StatusTeller(agent, executor, bus, topics, engine, runner)
        async with asyncio.TaskGroup() as group:
            group.create_task(teller.run())
            await agent.be_born(submitter)
            for part in (agent.follow(), submitter.run(), executor.run(), Timers(agent).run(), agent.keep_position()):
                group.create_task(part)
            if isinstance(behaviour, Supervision):
                blobs = DirectoryBlobs(self.folder.path / "blobs")
                group.create_task(Watching(agent, bus, topics, blobs).run())

    def _runner(
        self, agent: Agent[Any], engine: Motions, journal: Journal, worker: InlineWorker, gates: Gates
    ) -> MotionRunner:
        return MotionRunner(
            engine,
            journal,
            worker,
            gates.check,
            lambda: agent.rebuilt_until,
            self.settings,
            self.clock.now,
            lambda job, act: agent.state.withheld(job, act),
        )

    def entries(self) -> list[Logged]:
        """The whole log, as the store holds it, once nobody writes it."""
        writer = LogWriter(self.folder.store, self.laboratory.name, lambda _connection, _logged: None)
        sealed = writer.page(0, 10_000_000)
        writer.close()
        return [unpack_logged(one) for one in sealed]


async def command(bus: MemoryBus, topics: Topics, body: Body, subject: str, campaign: str | None = None) -> None:
    """A person's command, sent until it is cancelled: the recorder takes it once."""
    kind = type(body).__name__
    entry = Entry(
        id="once-1/0/0",
        kind=kind,
        schema_version=KINDS[kind].version,
        at=STARTED,
        campaign=campaign,
        subject=subject,
        record=body,
    )
    frame = pack(Header(source="once-1", epoch=0, sequence=1), entry.to_bytes())
    while True:
        await bus.publish(topics.build("submit", source="once-1"), frame)
        await asyncio.sleep(1.0)
