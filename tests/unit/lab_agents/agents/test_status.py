"""A status never says that an agent has nothing to do while it has."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from lab_agents.agents.behaviour import Job
from lab_agents.agents.executor import Executor
from lab_agents.agents.gates import Gates
from lab_agents.agents.motion import MotionRunner, Withheld
from lab_agents.agents.status import StatusTeller, will
from lab_agents.messages.frames import AgentStatus
from lab_agents.messages.life import Timer
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, Task
from tests.small_log import AT, TOPICS, small_log
from tests.toy_agent import Echo, EchoState, Life, living, say

TASK = Task(
    id="w/0", work="w", sample="s", step=0, name="dose", owner="line", acts=(Act(instrument="toy", plan="step"),) * 2
)


class Moving:
    """An engine of which only the motions are asked for."""

    def __init__(self, *motions: Motion) -> None:
        self._motions = motions

    def motions(self) -> tuple[Motion, ...]:
        return self._motions


def moving(act: int, *, waits: bool, **fields: object) -> Motion:
    """A running act of the task."""
    return Motion.model_validate(
        {"instrument": "toy", "token": TASK.token(act), "plan": "step", "waits": waits, **fields}
    )


def teller_of(life: Life, *motions: Motion) -> StatusTeller:
    """A teller over an agent whose executor does not run."""
    executor = Executor(life.agent, {}, Gates(life.agent.link, lambda: True))
    return StatusTeller(life.agent, executor, life.bus, TOPICS, Moving(*motions))


@asynccontextmanager
async def telling(life: Life, topic: str = "agent_status") -> AsyncIterator[list[AgentStatus]]:
    """What the agent says while the teller runs."""
    heard: list[AgentStatus] = []
    await life.bus.subscribe(
        TOPICS.build(topic, source="line"),
        lambda message: heard.append(AgentStatus.model_validate_json(message.payload)),
    )
    task = asyncio.create_task(teller_of(life).run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def hasty_threads():
    """Threads change places as often as they can, so that a race is met if there is one."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(former)


@pytest.mark.usefixtures("hasty_threads")
async def test_an_entry_is_never_shown_as_handled_without_what_follows_from_it(tmp_path: Path) -> None:
    """The journal's thread writes while the loop reads; two entries follow from each word."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, submits=False) as life:
        teller = teller_of(life)
        for number in range(40):
            await say(log, number, f"{number}")
        async with asyncio.timeout(60):
            while life.agent.cursor.position < 41:
                status = teller.status()
                assert status.outbox >= 1 + 2 * (status.position - 1)
                await asyncio.sleep(0)


async def test_a_status_is_told_every_beat(tmp_path: Path) -> None:
    """With the process that says it."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life, telling(life) as heard:
        await say(log, 1, "hello")
        async with asyncio.timeout(60):
            while not heard or (heard[-1].position, heard[-1].outbox) != (5, 0):
                await asyncio.sleep(0.005)
            told = len(heard)
            while len(heard) < told + 3:
                await asyncio.sleep(0.005)
    assert (heard[-1].agent, heard[-1].epoch, heard[-1].log) == ("line", 1, log.writer.log)
    assert heard[-1].alive
    assert heard[-1].pid > 0


async def test_the_clock_hears_at_once_that_an_agent_owes_nothing_more_and_that_it_owes_again(tmp_path: Path) -> None:
    """Not each step in between: what is owed holds the clock, whatever it is."""
    job = Job(id="7/dose", cause=7, kind="motion", name="dose", subject="s", task=TASK)
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life, telling(life, "agent_rest") as heard:
        await say(log, 1, "hello")
        async with asyncio.timeout(60):
            while not heard or (heard[-1].position, heard[-1].owes_nothing) != (5, True):
                await asyncio.sleep(0.005)
            life.agent.state = life.agent.state.model_copy(update={"wanted": (job,)})
            life.agent.changed.set()
            while heard[-1].owes_nothing:
                await asyncio.sleep(0.005)
            life.agent.state = life.agent.state.model_copy(update={"wanted": ()})
            life.agent.changed.set()
            while not heard[-1].owes_nothing:
                await asyncio.sleep(0.005)
    held = [status for status in heard if not status.owes_nothing]
    assert all(before != after for before, after in pairwise(heard))
    assert held[-1].owed == ("7/dose",)


async def test_a_stuck_agent_says_where(tmp_path: Path) -> None:
    """And shows no position beyond it."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1, Echo(poison="bad")) as life:
        await life.until(lambda: life.agent.outbox_size == 0)
        await say(log, 1, "bad")
        await life.until(lambda: life.agent.stuck)
        status = teller_of(life).status()
    assert (status.stuck, status.position) == ("stuck at 3", 2)


async def test_a_job_is_owed_until_its_motion_only_waits(tmp_path: Path) -> None:
    """Then the simulated clock may jump to the end of the program."""
    job = Job(id="7/dose", cause=7, kind="motion", name="dose", subject="s", task=TASK)
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.state = life.agent.state.model_copy(update={"wanted": (job,)})
        assert teller_of(life).status().owed == ("7/dose",)
        assert teller_of(life, moving(1, waits=False)).status().owed == ("7/dose", TASK.token(1))
        assert teller_of(life, moving(1, waits=True)).status().owed == ()


async def test_a_job_that_starts_no_more_is_not_owed(tmp_path: Path) -> None:
    """While the laboratory is being ended others may need the clock to go on, so that their programs end."""
    job = Job(id="7/dose", cause=7, kind="motion", name="dose", subject="s", task=TASK)
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.state = life.agent.state.model_copy(update={"wanted": (job,)})
        gates = Gates(life.agent.link, lambda: True)
        gates.is_draining = True
        runner = MotionRunner(Moving(), life.journal, life.worker, gates.check, lambda: 0)
        executor = Executor(life.agent, {"motion": runner}, gates)
        teller = StatusTeller(life.agent, executor, life.bus, TOPICS, Moving(), runner)
        assert teller.status().owed == ()
        executor.running[job.id] = asyncio.ensure_future(asyncio.Event().wait())
        assert teller.status().owed == ("7/dose",)
        runner.put_off.add(TASK.id)
        assert teller.status().owed == ()
        executor.running.pop(job.id).cancel()


async def test_a_job_that_stands_before_an_act_that_is_withheld_is_not_owed(tmp_path: Path) -> None:
    """It is again as soon as the state lets it go on, whenever its runner looks."""

    class Paused(EchoState):
        is_paused: bool = True

        def withheld(self, job: Job, act: int) -> str:
            return "paused" if self.is_paused and act == 1 else ""

    job = Job(id="7/dose", cause=7, kind="motion", name="dose", subject="s", task=TASK)
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.state = Paused(**dict(life.agent.state.model_copy(update={"wanted": (job,)})))
        gates = Gates(life.agent.link, lambda: True)
        runner = MotionRunner(Moving(), life.journal, life.worker, gates.check, lambda: 0)
        teller = StatusTeller(life.agent, Executor(life.agent, {}, gates), life.bus, TOPICS, Moving(), runner)
        assert teller.status().owed == ("7/dose",)
        runner.withheld[TASK.id] = Withheld(1, AT)
        status = teller.status()
        assert (status.owed, status.withheld) == ((), {TASK.id: AT})
        life.agent.state = life.agent.state.model_copy(update={"is_paused": False})
        assert teller.status().owed == ("7/dose",)


async def test_people_who_are_asked_hold_the_clock_until_the_laboratory_is_ended(tmp_path: Path) -> None:
    """They may never answer, and what still runs must be able to end."""

    class Asking(EchoState):
        def asked(self) -> tuple[str, ...]:
            return ("approval of w",)

    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.state = Asking(**dict(life.agent.state))
        gates = Gates(life.agent.link, lambda: True)
        teller = StatusTeller(life.agent, Executor(life.agent, {}, gates), life.bus, TOPICS, Moving())
        assert teller.status().owed == ("approval of w",)
        gates.is_draining = True
        assert teller.status().owed == ()


async def test_an_unborn_agent_owes_its_birth(tmp_path: Path) -> None:
    """Nobody knows yet what it will want."""
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.is_born = False
        assert teller_of(life).status().owed == ("birth",)


async def test_the_next_timer_is_the_earliest_of_the_state_s_and_the_motions_(tmp_path: Path) -> None:
    """A wait in wall time moves no laboratory clock."""
    soon, later = AT + timedelta(minutes=1), AT + timedelta(hours=1)
    timers = (Timer(subject="s", purpose="end", due=later), Timer(subject="s", purpose="nap", wall=1.0, since=1))
    async with small_log(tmp_path) as log, living(log, tmp_path, 1) as life:
        life.agent.state = life.agent.state.model_copy(update={"rings": timers})
        assert teller_of(life).status().next_timer == later
        status = teller_of(life, moving(0, waits=True, until=soon)).status()
    assert status.next_timer == soon
    assert status.activity == "toy: step"


def test_the_last_will_says_that_the_process_is_gone() -> None:
    """Under its epoch, so that a late one is known as such."""
    status = AgentStatus.model_validate_json(will("line", 7))
    assert (status.agent, status.epoch, status.alive) == ("line", 7, False)
