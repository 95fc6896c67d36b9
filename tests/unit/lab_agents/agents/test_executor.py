"""A job starts when everything before it is handled and the gates are open, and ends once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab_agents.agents.behaviour import Job, JobOutcome
from lab_agents.agents.executor import ComputeRunner, Executor, Timers
from lab_agents.agents.gates import Gates
from lab_agents.errors import ComputeError
from lab_agents.messages.life import TimerRang
from tests.small_log import QUICK, TOPICS, SmallLog, small_log
from tests.toy_agent import Echo, Life, living, say, words


@dataclass
class Thinker:
    """Runs computing jobs when it is let."""

    runs: list[str] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, job: Job) -> JobOutcome:
        self.runs.append(job.id)
        await self.may_end.wait()
        return JobOutcome(ok=True, answer='"42"')


@asynccontextmanager
async def executing(life: Life, thinker: Thinker, guard_is_alive: Callable[[], bool]) -> AsyncIterator[Executor]:
    """An executor over a living agent."""
    gates = Gates(life.agent.link, guard_is_alive, QUICK, asyncio.get_running_loop().time)
    await gates.start(life.bus, TOPICS)
    executor = Executor(life.agent, {"compute": thinker}, gates)
    task = asyncio.create_task(executor.run())
    try:
        yield executor
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


async def settle(log: SmallLog, life: Life) -> None:
    """The agent has handled the head and owes no entry."""
    await until(lambda: life.agent.cursor.position == log.writer.position and life.agent.outbox_size == 0)


async def test_a_job_runs_once_and_its_outcome_stands_in_the_log(tmp_path: Path) -> None:
    """Also while its outcome is on its way, and after it has come back."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        thinker = Thinker()
        thinker.may_end.set()
        async with executing(life, thinker, lambda: True) as executor:
            await say(log, 1, "compute")
            await until(lambda: life.agent.state.heard and not life.agent.state.wanted)
            await settle(log, life)
            assert executor.running == {}
        assert len(thinker.runs) == 1
        assert (await words(log, 6))[-1] == 'outcome "42"'
        outcome = next(e for e in await log.entries(6) if "/think/" in e.id)
        assert outcome.id == f"line/{thinker.runs[0]}/0"


async def test_a_job_waits_while_a_gate_is_closed_and_says_which(tmp_path: Path) -> None:
    """It starts by itself once the gate opens."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        thinker, guard = Thinker(), []
        async with executing(life, thinker, lambda: bool(guard)) as executor:
            await say(log, 1, "compute")
            await until(lambda: executor.waits == {"thought": "the guard of this machine is silent"})
            assert thinker.runs == []
            guard.append("beats")
            await until(lambda: thinker.runs)
            assert executor.waits == {}


async def test_nothing_starts_before_the_head_is_handled(tmp_path: Path) -> None:
    """What stands between may withdraw the job."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, submits=False) as life:
            await say(log, 1, "compute")
            await life.until(lambda: life.agent.state.wanted)
        await say(log, 2, "slow")
        slow = Slow()
        async with living(log, tmp_path, 2, slow) as life:
            thinker = Thinker()
            async with executing(life, thinker, lambda: True) as executor:
                await until(lambda: executor.waits == {"thought": "catching up with the log"})
                assert thinker.runs == []
                slow.may_go_on.set()
                await until(lambda: thinker.runs)


class Slow(Echo):
    """Takes its time with one word, in the journal's thread."""

    def __init__(self) -> None:
        import threading

        super().__init__()
        self.may_go_on = threading.Event()

    def apply(self, state, logged):
        if getattr(logged.entry.record, "reason", "") == "slow":
            self.may_go_on.wait(3)
        return super().apply(state, logged)


async def test_a_stuck_agent_starts_nothing(tmp_path: Path) -> None:
    """Its state may be behind what happened."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, Echo(poison="bad")) as life:
        thinker, guard = Thinker(), []
        async with executing(life, thinker, lambda: bool(guard)) as executor:
            await say(log, 1, "compute")
            await until(lambda: "thought" in executor.waits)
            await say(log, 2, "bad")
            await until(lambda: life.agent.stuck)
            guard.append("beats")
            await until(lambda: executor.waits == {"thought": life.agent.stuck})
            assert thinker.runs == []


async def test_a_job_that_was_concluded_never_starts_again(tmp_path: Path) -> None:
    """Its outcome waits in the outbox; the state still wants it until the outcome comes back."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1, submits=False) as life:
            thinker = Thinker()
            thinker.may_end.set()
            async with executing(life, thinker, lambda: True):
                await say(log, 1, "compute")
                await until(lambda: life.agent.concluded)
        async with living(log, tmp_path, 2, submits=False) as life, executing(life, thinker, lambda: True):
            await until(lambda: life.agent.link.has_caught_up)
            assert life.agent.state.wanted
            assert life.agent.jobs_wanted() == ()
            await asyncio.sleep(0.3)  # longer than the executor's own look
        assert len(thinker.runs) == 1


async def test_a_computation_whose_process_died_before_it_was_concluded_runs_again(tmp_path: Path) -> None:
    """It is pure, so a repeat costs time and nothing else; its outcome stands in the log once."""
    async with small_log(tmp_path) as log:
        thinker = Thinker()
        async with living(log, tmp_path, 1) as life, executing(life, thinker, lambda: True):
            await say(log, 1, "compute")
            await until(lambda: thinker.runs)
        thinker.may_end.set()
        async with living(log, tmp_path, 2) as life, executing(life, thinker, lambda: True):
            await until(lambda: life.agent.state.heard and not life.agent.state.wanted)
            await settle(log, life)
        assert len(thinker.runs) == 2
        assert (await words(log, 7)).count('outcome "42"') == 1


async def test_a_timer_of_wall_time_rings_once(tmp_path: Path) -> None:
    """Counted from when its entry was handled; the entry comes back before anything is decided on it."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        timers = asyncio.create_task(Timers(life.agent).run())
        await say(log, 1, "wake")
        entries = await log.entries(6)
        await asyncio.sleep(0.25)  # more looks at the same timer
        timers.cancel()
        await asyncio.gather(timers, return_exceptions=True)
        assert log.writer.position == 6
    assert [entry.record for entry in entries if entry.kind == "TimerRang"] == [TimerRang(purpose="nap", due=None)]


async def test_an_instant_of_the_wall_rings_once_over_all_lives_of_a_process(tmp_path: Path) -> None:
    """It was due while nobody lived; the id derives from the instant, so a second ring is the same entry."""
    async with small_log(tmp_path) as log:
        async with living(log, tmp_path, 1) as life:
            await say(log, 1, "alarm")
            await life.until(lambda: life.agent.state.rings and life.agent.outbox_size == 0)
        for epoch in (2, 3):
            async with living(log, tmp_path, epoch) as life:
                timers = asyncio.create_task(Timers(life.agent).run())
                await log.entries(5 + epoch)
                await life.until(lambda: life.agent.is_born and life.agent.outbox_size == 0)
                await asyncio.sleep(0.25)  # more looks at the same timer
                timers.cancel()
                await asyncio.gather(timers, return_exceptions=True)
        entries = await log.entries(8)
    rings = [entry for entry in entries if entry.kind == "TimerRang"]
    assert [ring.record for ring in rings] == [TimerRang(purpose="alarm", due=None)]
    assert rings[0].id.startswith("line/timer/s/alarm-20")


class Pool:
    """Workers that give one answer."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    async def run(self, name: str, arguments: str) -> str:
        if self.answer == "dead":
            raise ComputeError("no worker is left")
        return self.answer


JOB = Job(id="7/think", cause=7, kind="compute", name="think", subject="thought")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ('{"x": 1}', JobOutcome(ok=True, answer='{"x": 1}')),
        ("[1]", JobOutcome(ok=True, answer="[1]")),
        ('{"failed": "no model"}', JobOutcome(ok=False, error="no model")),
    ],
)
async def test_what_a_worker_answers_is_the_outcome(answer: str, outcome: JobOutcome) -> None:
    """A computation that fails is an outcome too, and not a fault of the process."""
    assert await ComputeRunner(Pool(answer)).run(JOB) == outcome
