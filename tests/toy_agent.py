"""An agent with the simplest rules, living on a small log: what tests of the loop stand on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab_agents.agents.agent import Agent, Memory
from lab_agents.agents.behaviour import ALL_MATTER, AgentState, AnyBehaviour, Draft, Job, JobOutcome, OnlyTold
from lab_agents.bus.memory import MemoryBus
from lab_agents.clock import FollowedClock
from lab_agents.journal import Journal, PatientWorker
from lab_agents.log import LogLink, Submitter
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.course import PlannerExhausted
from lab_agents.messages.frames import Logged
from lab_agents.messages.life import Timer, TroubleMet
from lab_agents.records.ticket import Trouble
from lab_agents.threads import OwnThread
from tests.small_log import AT, QUICK, TOPICS, SmallLog, make_entry


def note(text: str) -> Draft:
    """Something that any agent may enter."""
    return Draft(body=TroubleMet(trouble=Trouble(what=text)), subject="s")


class EchoState(AgentState):
    """What was heard, in order; jobs and timers that were asked for."""

    heard: tuple[str, ...] = ()
    wanted: tuple[Job, ...] = ()
    rings: tuple[Timer, ...] = ()

    def jobs(self) -> tuple[Job, ...]:
        return self.wanted

    def timers(self) -> tuple[Timer, ...]:
        return self.rings


@dataclass
class Echo:
    """Says twice what a person said; `poison` is a word it cannot hear.

    Words with a meaning: `hush` is only heard, `forbidden` makes it publish what is not its own, `compute` wants a job,
    `wake` a timer, `alarm` one that is due at once by the wall.
    """

    poison: str = ""
    kinds: frozenset[str] = field(default_factory=lambda: frozenset({"AbortCampaign"}))
    only_told: OnlyTold = ALL_MATTER

    def start(self) -> EchoState:
        return EchoState()

    def apply(self, state: EchoState, logged: Logged) -> EchoState:
        record = logged.entry.record
        if isinstance(record, TroubleMet) and record.trouble.what.startswith("outcome"):
            return state.model_copy(update={"wanted": ()})
        if not isinstance(record, AbortCampaign):
            return state
        if record.reason == self.poison:
            raise ZeroDivisionError(f"cannot hear {self.poison}")
        changes: dict[str, object] = {"heard": (*state.heard, record.reason)}
        if record.reason == "compute":
            job = Job(
                id=f"{logged.position}/think", cause=logged.position, kind="compute", name="think", subject="thought"
            )
            changes["wanted"] = (job,)
        if record.reason == "wake":
            changes["rings"] = (Timer(subject="s", purpose="nap", wall=0.05, since=logged.position),)
        if record.reason == "alarm":
            changes["rings"] = (Timer(subject="s", purpose="alarm", until=logged.seal.recorded_at),)
        return state.model_copy(update=changes)

    def decide(self, before: EchoState, after: EchoState, logged: Logged) -> tuple[Draft, ...]:
        record = logged.entry.record
        if not isinstance(record, AbortCampaign) or record.reason == "hush":
            return ()
        if record.reason == "forbidden":
            return (Draft(body=PlannerExhausted(reason="not mine"), subject="s"),)
        return (note(f"{record.reason} one"), note(f"{record.reason} two"))

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        return (note(f"outcome {outcome.answer}{outcome.error}"),)


@dataclass
class Life:
    """One life of an agent's process."""

    agent: Agent[Any]
    bus: MemoryBus
    submitter: Submitter
    journal: Journal
    worker: OwnThread

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until this holds of the agent."""
        changed = self.agent.changed.listen()
        async with asyncio.timeout(60):
            while not holds():
                await changed.wait()
                changed.clear()


def journal_path(folder: Path, name: str = "line") -> Path:
    """Where an agent's journal stands."""
    return folder / "journals" / f"{name}.sqlite"


@asynccontextmanager
async def living(
    log: SmallLog,
    folder: Path,
    epoch: int,
    behaviour: AnyBehaviour | None = None,
    *,
    submits: bool = True,
    name: str = "line",
) -> AsyncIterator[Life]:
    """An agent from its birth to its death; one that does not submit dies with a full outbox."""
    async with AsyncExitStack() as death:
        worker = OwnThread("journal")
        death.push_async_callback(asyncio.to_thread, worker.close)
        journal = await worker.run(Journal, journal_path(folder, name), name)
        death.push_async_callback(worker.run, journal.close)
        bus = await log.join(name)
        death.callback(bus.kill)
        link = LogLink(bus, TOPICS, name, epoch, QUICK)
        patient = PatientWorker(worker, QUICK.beat)
        memory = Memory(journal, patient, lambda: patient.trouble)
        agent = Agent(name, behaviour or Echo(), memory, link, FollowedClock(AT), QUICK)
        submitter = Submitter(link, bus, TOPICS, agent.outbox, QUICK)
        await agent.be_born(submitter)
        tasks = [asyncio.create_task(agent.follow())]
        if submits:
            tasks.append(asyncio.create_task(submitter.run()))
        try:
            yield Life(agent, bus, submitter, journal, worker)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def say(log: SmallLog, number: int, word: str) -> None:
    """A person's command, from a source of its own."""
    source = f"once-{number}"
    bus = await log.join(source)
    entry = make_entry(f"{source}/0/0", AbortCampaign(person="p", reason=word))
    await log.send(bus, source, 1, entry.to_bytes(), epoch=0)


async def words(log: SmallLog, count: int) -> list[str]:
    """What the agent entered, in order, once the log holds `count` entries."""
    return [entry.record.trouble.what for entry in await log.entries(count) if isinstance(entry.record, TroubleMet)]
