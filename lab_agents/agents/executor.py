"""Keeping the jobs running that the state wants, and the timers ringing."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from lab_agents.agents.agent import Agent
from lab_agents.agents.behaviour import AgentState, Job, JobOutcome
from lab_agents.agents.gates import Gates
from lab_agents.errors import ComputeError
from lab_agents.messages.life import Timer
from lab_agents.wall_clock import wall_now


class Runner(Protocol):
    """Runs one kind of job to its outcome."""

    async def run(self, job: Job) -> JobOutcome:
        """The outcome; it raises only for faults of the program itself."""
        ...


class Executor:
    """Starts each wanted job once the agent has handled the head and the gates are open; reports its outcome."""

    def __init__(self, agent: Agent[AgentState], runners: Mapping[str, Runner], gates: Gates) -> None:
        self._agent, self._runners, self._gates = agent, runners, gates
        self.running: dict[str, asyncio.Task[None]] = {}
        self.waits: dict[str, str] = {}

    @property
    def is_ending(self) -> bool:
        """Whether nothing starts because the laboratory is being ended."""
        return self._gates.is_draining

    async def run(self) -> None:
        """Look whenever something changed, and often while a job waits, because gates open by themselves."""
        changed = self._agent.changed.listen()
        async with asyncio.TaskGroup() as group:
            while True:
                changed.clear()
                self._start_wanted(group)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AT_GATES if self.waits else None):
                        await changed.wait()

    def _start_wanted(self, group: asyncio.TaskGroup) -> None:
        self.waits.clear()
        for job in self._agent.jobs_wanted():
            if job.id in self.running:
                continue
            reason = self._closed_because(job)
            if reason is not None:
                self.waits[job.subject] = reason
                continue
            self.running[job.id] = group.create_task(self._run_one(job))

    def _closed_because(self, job: Job) -> str | None:
        agent = self._agent
        if not agent.is_born:
            return "not born yet"
        if agent.stuck:
            return agent.stuck
        if not agent.link.has_caught_up or agent.link.head is None or agent.cursor.position < agent.link.head.position:
            agent.wake_at_head()
            return "catching up with the log"
        now = asyncio.get_running_loop().time()
        return self._gates.closed_because(now, needs_permit=job.kind == "motion")

    async def _run_one(self, job: Job) -> None:
        try:
            outcome = await self._runners[job.kind].run(job)
            await self._agent.conclude(job, outcome)
        finally:
            self.running.pop(job.id, None)
            self._agent.changed.set()


class ComputeRunner:
    """Runs computing jobs in the shared workers."""

    def __init__(self, compute: "Compute") -> None:
        self._compute = compute

    async def run(self, job: Job) -> JobOutcome:
        """Send the question; a job that fails for good, or a worker's refusal, is an outcome."""
        try:
            answer = json.loads(await self._compute.run(job.name, job.arguments))
        except ComputeError as error:
            return JobOutcome(ok=False, error=str(error))
        if isinstance(answer, dict) and "failed" in answer:
            return JobOutcome(ok=False, error=str(answer["failed"]))
        return JobOutcome(ok=True, answer=json.dumps(answer))


class Compute(Protocol):
    """The shared pool of workers."""

    async def run(self, name: str, arguments: str) -> str:
        """The answer (JSON); waits for a worker and sends again where one dies, because jobs are pure."""
        ...


LOOK_AT_GATES = 0.25
"""Wall seconds between two looks at closed gates; a person who opened one does not feel it."""
LOOK = 0.1
"""Wall seconds between two looks at timers that wait."""


class Timers:
    """Rings what the state wants to be woken for: instants of the laboratory or of the wall, and waits in wall time."""

    def __init__(self, agent: Agent[AgentState]) -> None:
        self._agent = agent
        self._wanted: tuple[Timer, ...] = ()
        self._since: dict[Timer, float] = {}
        self._rung: set[Timer] = set()

    async def run(self) -> None:
        """Look when something changed, and often while a timer waits, because laboratory time moves by jumps."""
        changed = self._agent.changed.listen()
        while True:
            changed.clear()
            if self._agent.is_born:
                await self._look(asyncio.get_running_loop().time())
            waits = not self._agent.is_born or len(self._since) > len(self._rung)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK if waits else None):
                    await changed.wait()

    async def _look(self, now: float) -> None:
        wanted = self._agent.timers()
        if wanted is not self._wanted:
            self._wanted = wanted
            self._rung &= set(wanted)
            self._since = {timer: self._since.get(timer, now) for timer in wanted}
        for timer in wanted:
            if self._is_due(timer, now) and timer not in self._rung:
                self._rung.add(timer)
                await self._agent.ring(timer)

    def _is_due(self, timer: Timer, now: float) -> bool:
        if timer.due is not None:
            return self._agent.clock.now() >= timer.due
        if timer.until is not None:
            return wall_now() >= timer.until
        return timer.wall is not None and now - self._since[timer] >= timer.wall
