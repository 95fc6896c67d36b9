"""Carrying out a task: one act after the other, each at most once, whatever died in between."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from instruments.errors import (
    ActuationFailedError,
    ActuationUnknownError,
    BlockedError,
    ForgottenTokenError,
    MissingDataError,
    MotionRefusedError,
    TransportError,
)
from instruments.protocols import Gate, Motions, Reconciled
from lab_agents import __version__
from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.gates import GateClosedError
from lab_agents.journal import Intent, Journal
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.settings import DEFAULT, Settings
from lab_agents.threads import Worker

FORGOTTEN = "forgotten"
"""The outcome, in the journal, of an act whose instrument accepted it and did not know its token afterwards."""


@dataclass(frozen=True)
class Withheld:
    """An act, by its number, that may not begin, and when the one before it ended, if there was one."""

    act: int
    since: datetime | None


class TaskEndedBadlyError(Exception):
    """An act failed or is unknown; `outcome` is that of the whole task, apart from the acts before."""

    def __init__(self, outcome: JobOutcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.error)


class MotionRunner:
    """Runs motion jobs: goes on with the next act after a restart, asks the instrument where the journal is unsure.

    Tasks on different instruments run at the same time, tasks on one instrument one after the other.

    Args:
        motions: The engine.
        journal: Intents and outcomes of this agent's actuations.
        worker: The journal's thread.
        gate: Raises where nothing may start.
        rebuilt_until: Position up to which the journal was made anew: intents of older jobs may be missing.
        now: Laboratory time, for tasks that may not begin too late; without it they are begun whenever they can be.
        withheld: Why the agent's state withholds an act of a job, by its number; an empty text where it does not.
    """

    def __init__(
        self,
        motions: Motions,
        journal: Journal,
        worker: Worker,
        gate: Gate,
        rebuilt_until: Callable[[], int],
        settings: Settings = DEFAULT,
        now: Callable[[], datetime] | None = None,
        withheld: Callable[[Job, int], str] = lambda job, act: "",
    ) -> None:
        self._motions, self._journal, self._worker, self._gate = motions, journal, worker, gate
        self._rebuilt_until, self._settings, self._now = rebuilt_until, settings, now
        self._withheld = withheld
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.waits: dict[str, str] = {}
        # Tasks that stand between two acts at a closed gate.
        self.put_off: set[str] = set()
        # Tasks that stand before an act that their agent's state withholds, with its number and the end of the last.
        self.withheld: dict[str, Withheld] = {}

    async def run(self, job: Job) -> JobOutcome:
        """Carry out the job's task to its end.

        Never raises for what the instrument does: that is the outcome. It waits, and says so in `waits`, while a gate
        is closed or an instrument cannot be reached.
        """
        task = job.task
        if task is None:
            return JobOutcome(ok=False, error=f"job {job.id} has no task")
        async with AsyncExitStack() as held:
            # In one order everywhere, so that two tasks never wait for one another.
            for instrument in task.instruments:
                await held.enter_async_context(self._one_at_a_time[instrument])
            return await self._run_task(job, task)

    async def _run_task(self, job: Job, task: Task) -> JobOutcome:
        results: list[ActResult] = []
        try:
            for act in task.acts:
                results.append(await self._once(job, task, act, results))
        except TaskEndedBadlyError as end:
            # What was done before is no start of nothing, and is not to be done again.
            is_first = not results
            update = {
                "results": tuple(results),
                "moved": end.outcome.moved or not is_first,
                "blocked": end.outcome.blocked and is_first,
                "repeatable": end.outcome.repeatable and is_first,
            }
            return end.outcome.model_copy(update=update)
        finally:
            self.waits.pop(task.id, None)
            self.put_off.discard(task.id)
            self.withheld.pop(task.id, None)
        return JobOutcome(ok=True, results=tuple(results))

    async def _once(self, job: Job, task: Task, act: Act, done: Sequence[ActResult]) -> ActResult:
        """The result of the act after those `done`: from the journal, from the instrument, or by doing it."""
        number = len(done)
        token = task.token(number)
        about = _about(job, task, token)
        while True:
            intent = (await self._worker.run(self._journal.intents, [token])).get(token)
            result = _finished(act, intent)
            if result is not None:
                return result
            try:
                if intent is not None or job.cause <= self._rebuilt_until():
                    result = await self._reconcile(act, number, token, about, intended=intent is not None)
                if result is None:
                    await self._wait_while_withheld(job, task, done)
                    self._check_time(task, number)
                    result = await self._perform(act, number, token, about)
            except GateClosedError as closed:
                self.put_off.add(task.id)
                await self._pause(task, str(closed))
                self.put_off.discard(task.id)
            except TransportError as lost:
                await self._pause(task, f"{act.instrument} cannot be reached: {lost}")
            except ActuationUnknownError as unsure:
                await self._pause(task, f"asking {act.instrument}: {unsure}")
            except (ActuationFailedError, MotionRefusedError) as failure:
                is_missing = isinstance(failure, MissingDataError) and failure.repeatable
                moved = not isinstance(failure, MotionRefusedError)
                blocked = isinstance(failure, BlockedError)
                raise _badly(str(failure), moved=moved, blocked=blocked, repeatable=is_missing) from failure
            else:
                await self._worker.run(self._journal.outcome, token, result.model_dump_json())
                self.waits.pop(task.id, None)
                return result

    async def _perform(self, act: Act, number: int, token: str, about: dict[str, str]) -> ActResult:
        self._gate()
        try:
            return await self._motions.perform(act, number, token, self._gate, about)
        except ForgottenTokenError as forgotten:
            # Asked again it would say that nothing had begun, and what is begun again may move again.
            await self._worker.run(self._journal.outcome, token, FORGOTTEN)
            raise _forgotten(act, token) from forgotten

    async def _wait_while_withheld(self, job: Job, task: Task, done: Sequence[ActResult]) -> None:
        """Wait while the act after those `done` is withheld, and say so."""
        while reason := self._withheld(job, len(done)):
            self.withheld[task.id] = Withheld(len(done), done[-1].ended_at if done else None)
            await self._pause(task, reason)
        self.withheld.pop(task.id, None)

    def _check_time(self, task: Task, number: int) -> None:
        """Refuse to begin a task later than it may be; one that has begun goes on."""
        if number == 0 and task.not_after is not None and self._now is not None and self._now() > task.not_after:
            raise _badly(f"{task.name} could not begin before {task.not_after.isoformat()}", moved=False)

    async def _reconcile(
        self, act: Act, number: int, token: str, about: dict[str, str], *, intended: bool
    ) -> ActResult | None:
        """What the instrument says of the token; None where it certainly did not start."""
        said = await self._motions.reconcile(act, number, token, about, intended=intended)
        if said.verdict == "not_started":
            return None
        if said.verdict == "done" and said.result is not None:
            return said.result
        evidence = _evidence(said)
        if said.verdict == "failed":
            what = f"{act.instrument} reports that {act.plan} failed"
            raise _badly(what, evidence=evidence, repeatable=evidence.get("repeatable") == "true")
        raise _badly(f"{act.instrument} cannot say whether {act.plan} happened", unknown=(token,), evidence=evidence)

    async def _pause(self, task: Task, reason: str) -> None:
        self.waits[task.id] = reason
        await asyncio.sleep(self._settings.ask_again / 4)


def _finished(act: Act, intent: Intent | None) -> ActResult | None:
    """The whole result, where the journal has it; the engine's own short outcome only says that the act ended.

    Raises:
        TaskEndedBadlyError: If the instrument forgot it: whatever it says of it later does not count.
    """
    if intent is None or intent.outcome is None:
        return None
    if intent.outcome == FORGOTTEN:
        raise _forgotten(act, intent.token)
    try:
        return ActResult.model_validate_json(intent.outcome)
    except ValidationError:
        return None


def _badly(error: str, **what: object) -> TaskEndedBadlyError:
    return TaskEndedBadlyError(JobOutcome(ok=False, error=error).model_copy(update=what))


def _forgotten(act: Act, token: str) -> TaskEndedBadlyError:
    """The end of a task that only a person can say more of."""
    evidence = {"instrument": act.instrument, "state": "never seen after it was accepted"}
    what = f"{act.instrument} accepted {act.plan} and does not know its token any more"
    return _badly(what, unknown=(token,), evidence=evidence)


def _about(job: Job, task: Task, token: str) -> dict[str, str]:
    return {
        "task": task.id,
        "work": task.work,
        "sample": task.sample,
        "campaign": job.campaign or "",
        "token": token,
        "software": __version__,
    }


def _evidence(said: Reconciled) -> dict[str, str]:
    return {key: str(value) for key, value in (said.evidence or {}).items()}
