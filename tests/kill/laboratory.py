"""Recorder, journal, outbox, executor and a toy instrument in one process that can be killed anywhere."""

import asyncio
import gc
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.agents.agent import Agent, Memory
from lab_agents.agents.executor import Executor
from lab_agents.agents.gates import Gates
from lab_agents.agents.motion import MotionRunner
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.protocol import Bus
from lab_agents.clock import FollowedClock
from lab_agents.journal import Journal, JournalIntents
from lab_agents.log import LogLink, Submitter
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.entry import Entry
from lab_agents.messages.frames import Header, Logged, Permit, pack, unpack_logged
from lab_agents.messages.topics import Topics
from lab_agents.recorder import Recorder
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.store.writer import LogWriter
from tests.kill.loop import InlineWorker, JumpingLoop, Killed, Reaper, bury
from tests.kill.toy import STARTED, ToyBehaviour, ToyInstrument, ToyMotions

TOPICS = Topics("toy")
LABORATORY = Laboratory(
    name="toy",
    agents={"line": AgentDeclaration(role="synthesis", instruments=("toy",))},
    instruments={"toy": InstrumentDeclaration(driver="toy", address="toy://")},
)
PATIENCE = 120.0
"""Loop seconds after which an undisturbed life has surely ended its task."""


@dataclass
class ToyLab:
    """What outlives the process: files, the instrument, what is on the wire."""

    folder: Path
    make_bus: "BusMaker"
    instrument: ToyInstrument = field(default_factory=ToyInstrument)
    delay: float = 0.3
    lose_journal: bool = False
    lives: int = 0
    elapsed: float = 0.0

    def live(self, kill_at: int | None = None) -> int:
        """One life of the process; returns how many points it passed. It ends killed, or when the task is done."""
        gc.freeze()  # what stands before this life is not looked through when it is buried: ten times faster
        reaper = Reaper(kill_at)
        loop = JumpingLoop(reaper)
        self.lives += 1
        life = _Life(self, reaper)
        with suppress(Killed):
            loop.run_until_complete(life.run())
        reaper.is_dead = True
        self.elapsed += loop.time()
        life.drop()
        loop.close()
        del life
        bury()
        return reaper.count

    def entries(self) -> list[Logged]:
        """The whole log, as the store holds it."""
        writer = LogWriter(self.folder / "store.sqlite", "toy", lambda _connection, _logged: None)
        sealed = writer.page(0, 10_000_000)
        writer.close()
        return [unpack_logged(one) for one in sealed]

    def forget_journal(self) -> None:
        """Lose the agent's journal, as a changed disk does."""
        for path in (self.folder / "journals").glob("line.sqlite*"):
            path.unlink()

    def remove(self) -> None:
        """Clear the folder."""
        shutil.rmtree(self.folder)


class BusMaker:
    """Makes one bus per member and life, on a carrier that outlives the process."""

    def __call__(self, name: str) -> Bus:
        raise AssertionError("a maker says how")

    def kill(self) -> None:
        """The process of the last life is gone: its members die."""


class _Life:
    def __init__(self, lab: ToyLab, reaper: Reaper) -> None:
        self._lab = lab
        self._worker = InlineWorker(reaper)
        self._journal: Journal | None = None
        self._writer: LogWriter | None = None

    def drop(self) -> None:
        """Close what the operating system closes when a process dies."""
        if self._journal is not None:
            self._journal.close()
        if self._writer is not None:
            self._writer.close()
        self._lab.make_bus.kill()

    async def run(self) -> None:
        lab = self._lab
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            recorder = await self._start_recorder(lab.make_bus("recorder"))
            running = [group.create_task(recorder.run())]
            person = lab.make_bus("person")
            running.append(group.create_task(_command(person)))
            running.append(group.create_task(_permit(person)))
            agent, executor, submitter = await self._start_agent(lab.make_bus("line"))
            await agent.be_born(submitter)
            running.extend(group.create_task(loop) for loop in (agent.follow(), submitter.run(), executor.run()))
            while not (agent.state.done and agent.outbox_size == 0):
                await asyncio.sleep(0.1)
            for task in running:
                task.cancel()

    async def _start_recorder(self, bus: Bus) -> Recorder:
        lab = self._lab
        writer = LogWriter(lab.folder / "store.sqlite", "toy", lambda _connection, _logged: None)
        self._writer = writer
        clock = FollowedClock(STARTED)
        blobs = DirectoryBlobs(lab.folder / "blobs")
        recorder = Recorder(writer, self._worker, bus, blobs, clock, TOPICS)
        await recorder.open(LABORATORY, "0" * 64, "1")
        return recorder

    async def _start_agent(self, bus: Bus) -> tuple[Agent, Executor, Submitter]:
        lab = self._lab
        journal = self._journal = Journal(lab.folder / "journals" / "line.sqlite", "line")
        link = LogLink(bus, TOPICS, "line", epoch=lab.lives)
        agent = Agent("line", ToyBehaviour(), Memory(journal, self._worker), link, FollowedClock(STARTED))
        submitter = Submitter(link, bus, TOPICS, agent.outbox)
        gates = Gates(link, lambda: True, monotonic=asyncio.get_running_loop().time)
        await gates.start(bus, TOPICS)
        motions = ToyMotions(lab.instrument, JournalIntents(journal, self._worker), lab.delay, lab.elapsed)
        runner = MotionRunner(motions, journal, self._worker, gates.check, lambda: agent.rebuilt_until)
        return agent, Executor(agent, {"motion": runner}, gates), submitter


async def _command(bus: Bus) -> None:
    """The person's command, sent until the process ends: the recorder takes it once."""
    body = AbortCampaign(person="tester", reason="go")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    entry = Entry(id="once-1/0/0", kind="AbortCampaign", schema_version=1, at=at, subject="toy", record=body)
    frame = pack(Header(source="once-1", epoch=0, sequence=1), entry.to_bytes())
    while True:
        await bus.publish(TOPICS.build("submit", source="once-1"), frame)
        await asyncio.sleep(1.0)


async def _permit(bus: Bus) -> None:
    number = 0
    while True:
        number += 1
        permit = Permit(number=number).model_dump_json().encode()
        await bus.publish(TOPICS.build("permit"), permit, qos=0)
        await asyncio.sleep(0.5)
