"""A toy instrument that holds tokens, its engine, and the rules of an agent with one task of a few acts."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from instruments.protocols import Gate, Intents, Reconciled
from lab_agents.agents.behaviour import ALL_MATTER, AgentState, Draft, Job, JobOutcome
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import TaskDone, TaskFailed, TaskStarted
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, ActResult, Task

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
IN_FLIGHT = 0.5
N_ACTS = 5
"""A first act, a last one, and as many between as an act can have neighbours; more are the same again, at the square of
the cost."""


class ToyInstrument:
    """Executes each token once. It survives its clients; bytes on their way to it arrive whoever died meanwhile."""

    def __init__(self) -> None:
        self.ledger: list[str] = []
        self.refused: list[str] = []
        self.states: dict[str, float] = {}
        self._flying: list[tuple[float, str]] = []
        self.now = 0.0

    def send_start(self, token: str, delay: float) -> None:
        """Put a start on the wire; it arrives after `delay`."""
        self._flying.append((self.now + delay, token))

    def advance(self, now: float) -> None:
        """Let time pass: what is in flight arrives."""
        self.now = now
        arrived = [f for f in self._flying if f[0] <= now]
        self._flying = [f for f in self._flying if f[0] > now]
        for _, token in arrived:
            if token in self.states:
                self.refused.append(token)
            else:
                self.ledger.append(token)
                self.states[token] = now + 0.2

    def ask(self, token: str) -> str:
        """What it knows of a token."""
        if token not in self.states:
            return "not_started"
        return "done" if self.now >= self.states[token] else "running"


class ToyMotions:
    """`Motions` on the toy instrument: intent before motion, asked after a crash, never sent twice."""

    def __init__(self, instrument: ToyInstrument, intents: Intents, delay: float, base: float) -> None:
        self._instrument, self._intents, self._delay, self._base = instrument, intents, delay, base

    def _tick(self) -> None:
        self._instrument.advance(self._base + asyncio.get_running_loop().time())

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
        gate()
        await self._intents.intend(token, act.plan)
        gate()
        self._tick()
        self._instrument.send_start(token, self._delay)
        result = await self._wait(number, token)
        await self._intents.outcome(token, "done")
        return result

    async def reconcile(
        self, act: Act, number: int, token: str, about: Mapping[str, str], *, intended: bool
    ) -> Reconciled:
        await asyncio.sleep(IN_FLIGHT)
        self._tick()
        if self._instrument.ask(token) == "not_started":
            return Reconciled("not_started")
        return Reconciled("done", await self._wait(number, token))

    async def _wait(self, number: int, token: str) -> ActResult:
        self._tick()
        while self._instrument.ask(token) != "done":
            await asyncio.sleep(0.1)
            self._tick()
        return ActResult(act=number, token=token, run="toy", started_at=STARTED, ended_at=STARTED)

    def motions(self) -> tuple[Motion, ...]:
        return ()

    async def halt(self, instrument: str) -> None:
        raise AssertionError(f"nobody asked to halt {instrument}")


class ToyState(AgentState):
    """The one task, while it runs, and whether it ended."""

    job: Job | None = None
    done: bool = False

    def jobs(self) -> tuple[Job, ...]:
        return (self.job,) if self.job else ()


class ToyBehaviour:
    """A person's command starts a task of `N_ACTS` acts; its outcome is one entry."""

    kinds = frozenset({"AbortCampaign", "TaskDone", "TaskFailed", "TaskStarted"})
    only_told = ALL_MATTER

    def start(self) -> ToyState:
        return ToyState()

    def apply(self, state: ToyState, logged: Logged) -> ToyState:
        record = logged.entry.record
        if isinstance(record, TaskStarted):
            job = Job(
                id=f"{logged.position}/motion",
                cause=logged.position,
                kind="motion",
                name="motion",
                subject="s",
                task=record.task,
            )
            return ToyState(job=job)
        if isinstance(record, TaskDone | TaskFailed):
            return ToyState(done=True)
        return state

    def decide(self, before: ToyState, after: ToyState, logged: Logged) -> tuple[Draft, ...]:
        if not isinstance(logged.entry.record, AbortCampaign):
            return ()
        acts = tuple(Act(instrument="toy", plan=f"step_{i}") for i in range(N_ACTS))
        task = Task(id="w/0", work="w", sample="s", step=0, name="toy", owner="line", acts=acts)
        return (Draft(body=TaskStarted(task=task), subject="s"),)

    def conclude(self, job: Job, outcome: JobOutcome) -> tuple[Draft, ...]:
        shared: dict[str, Any] = {"task": "w/0", "work": "w", "sample": "s", "step": 0, "owner": "line"}
        if outcome.ok:
            return (Draft(body=TaskDone(results=outcome.results, **shared), subject="s"),)
        body = TaskFailed(cause=outcome.error, unknown=outcome.unknown, results=outcome.results, **shared)
        return (Draft(body=body, subject="s"),)
