"""Ending a laboratory: what runs ends by itself, although what was put off will not.

Two agents, their statuses, the watch over rest and the held clock, in one process. The first agent's instrument
executes a program of an hour; the second one stands between two acts. Everything after "start nothing more" depends on
the clock going on: if what was put off held it, the program would never end.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from instruments.protocols import Gate
from lab_agents.agents.behaviour import Job
from lab_agents.agents.executor import Executor
from lab_agents.agents.gates import Gates
from lab_agents.agents.motion import MotionRunner
from lab_agents.agents.status import StatusTeller
from lab_agents.log import LogLink
from lab_agents.messages.frames import Permit
from lab_agents.records.motion import Motion
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.rest import RestWatch
from lab_agents.settings import Settings
from simulators.held_clock import HeldClock, Rest
from tests.small_log import AT, TOPICS, SmallLog, small_log
from tests.toy_agent import Life, living

HOUR = timedelta(hours=1)
SLOW = Settings(beat=0.02, ask_again=0.05)
"""Looks often, and takes nobody for lost: a busy machine is no silent one."""


@dataclass
class Programs:
    """Laboratory time and the running programs: a `Timekeeper` without a disk."""

    now: datetime = AT
    ends: dict[str, datetime] = field(default_factory=dict)
    ended: dict[str, asyncio.Event] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)

    def start(self, token: str, duration: timedelta) -> asyncio.Event:
        self.ends[token] = self.now + duration
        self.ended[token] = asyncio.Event()
        return self.ended[token]

    def next_end(self) -> datetime | None:
        return min(self.ends.values(), default=None)

    def running(self) -> frozenset[str]:
        return frozenset(self.ends)

    def unacknowledged(self) -> frozenset[str]:
        return frozenset(self.unsaid)

    async def acknowledge(self, tokens: Collection[str]) -> None:
        self.unsaid -= set(tokens)

    async def set_time(self, to: datetime) -> None:
        self.now = to

    async def end_due(self) -> None:
        for token in [token for token, end in self.ends.items() if end <= self.now]:
            del self.ends[token]
            self.unsaid.add(token)
            self.ended[token].set()


class OpenCampaign:
    """The watch over rest, in a laboratory whose campaign is open."""

    def __init__(self, watch: RestWatch) -> None:
        self._watch = watch

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Rest:
        return Rest(**{**asdict(self._watch.verdict(finished, running)), "campaign_open": True})

    async def changed(self) -> None:
        await self._watch.changed()


class Instrument:
    """Executes each act as a program of an hour."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._moving: dict[str, Motion] = {}
        self.done: list[str] = []

    def motions(self) -> tuple[Motion, ...]:
        return tuple(self._moving.values())

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: object) -> ActResult:
        gate()
        began = self._programs.now
        end = self._programs.start(token, HOUR)
        self._moving[token] = Motion(
            instrument=act.instrument, token=token, plan=act.plan, waits=True, until=self._programs.ends[token]
        )
        await end.wait()
        del self._moving[token]
        self.done.append(token)
        return ActResult(act=number, token=token, run="r", started_at=began, ended_at=self._programs.now)


@dataclass
class Worker:
    """One agent with its instrument, gates and runner."""

    life: Life
    instrument: Instrument
    gates: Gates
    runner: MotionRunner
    executor: Executor
    task: Task
    guarded: asyncio.Event

    @property
    def is_put_off(self) -> bool:
        """Whether it stands between two acts because nothing starts any more."""
        return self.task.id in self.runner.put_off


def task_of(name: str, acts: int) -> Task:
    act = Act(instrument=f"toy_{name}", plan="soak")
    return Task(id=f"w-{name}/0", work=f"w-{name}", sample="s", step=0, name="soak", owner=name, acts=(act,) * acts)


@asynccontextmanager
async def working(log: SmallLog, folder: Path, name: str, programs: Programs, *, acts: int) -> AsyncIterator[Worker]:
    """An agent whose state wants one task."""
    async with living(log, folder, 1, name=name) as life:
        guarded = asyncio.Event()
        guarded.set()
        gates = Gates(life.agent.link, guarded.is_set, Settings(lost=3600.0, kill=7200.0))
        await gates.start(life.bus, TOPICS)
        await life.bus.publish(TOPICS.build("permit"), Permit(number=1).model_dump_json().encode())
        instrument, task = Instrument(programs), task_of(name, acts)
        runner = MotionRunner(instrument, life.journal, life.worker, gates.check, lambda: 0, SLOW)
        executor = Executor(life.agent, {"motion": runner}, gates)
        teller = StatusTeller(life.agent, executor, life.bus, TOPICS, instrument, runner)
        job = Job(id="7/soak", cause=7, kind="motion", name="soak", subject="s", task=task)
        life.agent.state = life.agent.state.model_copy(update={"wanted": (job,)})
        tasks = [asyncio.create_task(executor.run()), asyncio.create_task(teller.run())]
        try:
            yield Worker(life, instrument, gates, runner, executor, task, guarded)
        finally:
            for running in tasks:
                running.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def ticking(log: SmallLog, programs: Programs) -> AsyncIterator[list[str]]:
    """The held clock over everybody; what it says holds it."""
    held: list[str] = []

    async def publish(*, now: datetime, number: int, speed: float | None, held_by: str) -> None:
        held.append(held_by)

    bus = await log.join("rest")
    watch = RestWatch(bus, TOPICS, LogLink(bus, TOPICS, "rest", 0), SLOW.model_copy(update={"lost": 3600.0}))
    clock = HeldClock(programs, OpenCampaign(watch), publish)
    tasks = [asyncio.create_task(watch.run()), asyncio.create_task(clock.run())]
    try:
        yield held
    finally:
        for running in tasks:
            running.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("acts", [1, 2])
async def test_a_program_ends_by_itself_while_another_agent_s_motion_is_put_off(tmp_path: Path, acts: int) -> None:
    """One second act was never begun; where the first agent has one, too, it is put off as well, and all is at rest."""
    programs = Programs()
    async with small_log(tmp_path) as log, working(log, tmp_path, "planning", programs, acts=2) as second:
        await until(lambda: second.instrument.motions())
        second.gates.is_draining = True
        (token,) = programs.ends
        await programs.set_time(AT + HOUR)
        await programs.end_due()
        await until(lambda: second.is_put_off)
        async with working(log, tmp_path, "line", programs, acts=acts) as first:
            await until(lambda: first.instrument.motions())
            first.gates.is_draining = True
            async with ticking(log, programs):
                await until(lambda: not first.instrument.motions())
                assert programs.now == AT + 2 * HOUR
                await until(lambda: first.is_put_off if acts == 2 else not first.executor.running)
            assert second.instrument.done == [token]
            assert len(first.instrument.done) == 1
            assert programs.ends == {}, "nothing was begun while the laboratory was being ended"


async def test_the_clock_waits_for_a_motion_that_is_only_between_two_acts(tmp_path: Path) -> None:
    """Nobody ends this laboratory: a gate that is closed for a moment opens again, and the clock must not run ahead."""
    programs = Programs()
    async with small_log(tmp_path) as log, working(log, tmp_path, "planning", programs, acts=2) as second:
        await until(lambda: second.instrument.motions())
        second.guarded.clear()
        await programs.set_time(AT + HOUR)
        await programs.end_due()
        await until(lambda: second.is_put_off)
        async with working(log, tmp_path, "line", programs, acts=1) as first:
            await until(lambda: first.instrument.motions())
            async with ticking(log, programs) as held:
                await until(lambda: "planning works on 7/soak" in held)
                assert programs.now == AT + HOUR
