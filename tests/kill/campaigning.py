"""A laboratory of real behaviours, each agent a mortal process of one house, over the model laboratory's world."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from instruments.protocols import Gate, Intents, Reconciled
from lab_agents.agents.behaviour import AgentState, Draft
from lab_agents.agents.decisions import concerns, decision_id, heeds, step
from lab_agents.agents.executor import ComputeRunner
from lab_agents.bus.memory import MemoryCarrier
from lab_agents.journal import Journal
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import ObservationMade
from lab_agents.messages.frames import Logged
from lab_agents.messages.work import (
    MeasurementTaken,
    ReservationMade,
    ReservationReleased,
    SampleMade,
    TaskStarted,
)
from lab_agents.records.campaign import CampaignPlan
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.motion import Motion
from lab_agents.records.questions import AnalyseArguments, AskArguments, ReadStandardArguments, TrainArguments
from lab_agents.records.recipe import Act, ActResult, Task
from lab_agents.settings import Settings
from tests.kill.guarded import AGAIN, StopPerson, guard_house
from tests.kill.house import IsDue, Process
from tests.kill.night import Night, command
from tests.model_lab import ROLES, START, World, analyse, ask, read_standard, sha, train

SPEED = 600.0
"""Laboratory seconds in one of the loop: the longest act, an hour, takes six."""
IN_FLIGHT = 0.2
"""Loop seconds after which what was sent to an instrument has surely arrived."""
PATIENCE = 20_000.0
"""Loop seconds after which a campaign in which everybody died hundreds of times has surely ended."""
STOPPED = 10.0
"""Loop seconds that a stop lasts: longer than an act of any kind."""
SETTINGS = Settings(restarts=1_000_000, backoff=0.1, safe_for=1.0)
"""A guard holds what ends again and again, which here is everybody."""
STAGES = {"tester": "stage_t", "coater_a": "stage_a", "coater_b": "stage_b"}
QUESTIONS = {
    "ask": (AskArguments, ask),
    "analyse": (AnalyseArguments, analyse),
    "train": (TrainArguments, train),
    "read_standard": (ReadStandardArguments, read_standard),
}


class RunningClock:
    """Laboratory time that runs with the loop's."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time() * SPEED)

    async def sleep_until(self, due: datetime) -> None:
        await asyncio.sleep(max((due - self.now()).total_seconds(), 0.0) / SPEED)


@dataclass
class Instruments:
    """All instruments: each executes a token once, whoever asked for it died, and says what it knows of one.

    Attributes:
        refused: Tokens that were started again.
        sent: When starts came, on the loop's clock.
    """

    world: World
    clock: RunningClock
    done: dict[str, ActResult] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)

    def start(self, act: Act, number: int, token: str, about: Mapping[str, str]) -> None:
        """Begin a program; its end is known at once, and told when it has come."""
        self.sent.append(asyncio.get_running_loop().time())
        if token in self.done:
            self.refused.append(token)
            return
        filling = (act,) * (number + 1)
        task = Task(
            id=about["task"],
            work=about["work"],
            sample=about["sample"],
            step=0,
            name="any",
            owner="any",
            acts=filling,
        )
        self.done[token] = self.world.execute(task, act, number, token, self.clock.now())

    async def wait(self, token: str) -> ActResult:
        """The result, once its program has ended."""
        result = self.done[token]
        await self.clock.sleep_until(result.ended_at)
        return result


class TokenWorld(World):
    """The model's world, one act at a time."""

    def execute(self, task: Task, act: Act, number: int, token: str, now: datetime) -> ActResult:
        """Carry out one act, which must be possible."""
        self._execute(task, act)
        result = self._result(task, number, act, now, now + timedelta(seconds=self.seconds(act)))
        blobs = {name: sha(f"{name} {token}") for name in result.blobs}
        return result.model_copy(update={"token": token, "run": token, "blobs": blobs})


class WorldMotions:
    """`Motions` on these instruments: intent before motion, asked after a crash, never sent twice."""

    def __init__(self, instruments: Instruments, intents: Intents) -> None:
        self._instruments, self._intents = instruments, intents
        self._moving: dict[str, Motion] = {}

    async def perform(self, act: Act, number: int, token: str, gate: Gate, about: Mapping[str, str]) -> ActResult:
        gate()
        await self._intents.intend(token, act.plan)
        gate()
        self._instruments.start(act, number, token, about)
        self._moving[token] = Motion(instrument=act.instrument, token=token, plan=act.plan)
        try:
            result = await self._instruments.wait(token)
        finally:
            del self._moving[token]
        await self._intents.outcome(token, "done")
        return result

    async def reconcile(
        self, act: Act, number: int, token: str, about: Mapping[str, str], *, intended: bool
    ) -> Reconciled:
        await asyncio.sleep(IN_FLIGHT)
        if token not in self._instruments.done:
            return Reconciled("not_started")
        return Reconciled("done", await self._instruments.wait(token))

    def motions(self) -> tuple[Motion, ...]:
        return tuple(self._moving.values())

    async def halt(self, instrument: str) -> None:
        raise AssertionError(f"nobody asked to halt {instrument}")


class Computing:
    """The shared workers: pure functions."""

    async def run(self, name: str, arguments: str) -> str:
        await asyncio.sleep(0.1)
        question, answer = QUESTIONS[name]
        return str(answer(question.model_validate_json(arguments)).model_dump_json())  # type: ignore[operator]


class CampaignNight(Night):
    """A campaign from its command to its end, whoever dies meanwhile.

    Args:
        folder: Empty.
        laboratory: With the agents of every role.
        plan: The campaign.
        carrier: The bus.
        is_due: Who dies when.
        loses: Whether an agent's journal is gone after the life of this name and number.
        stops: After so many acts the laboratory is stopped, each time, and re-armed after `STOPPED` seconds.
    """

    def __init__(
        self,
        folder: Path,
        laboratory: Laboratory,
        plan: CampaignPlan,
        carrier: MemoryCarrier,
        is_due: IsDue,
        loses: Callable[[str, int], bool] = lambda name, number: False,
        stops: Sequence[int] = (),
    ) -> None:
        super().__init__(folder, _reachable(laboratory), carrier, is_due, SETTINGS)
        self._plan, self._loses, self._stops = plan, loses, stops
        self.person = StopPerson(self.folder, self.topics)
        self.written: list[float] = []
        self.clock = clock = RunningClock()
        stages = STAGES | {p.instrument: p.name for p in laboratory.places if p.instrument is not None}
        world = TokenWorld(stages, standing={s.place: s.name for s in laboratory.standards})
        self.instruments = Instruments(world, clock)
        self.n_lost: Counter[str] = Counter()

    async def run(self) -> None:
        """Until the campaign has finished and everybody has handled all of it."""
        house = self.house
        async with asyncio.timeout(PATIENCE):
            house.keep("recorder", self.record)
            house.keep("guard", self._guard)
            for name, declared in self.laboratory.agents.items():
                if not declared.instruments:
                    house.keep(name, self._live)
            house.start("commander", self._command)
            house.start("stopper", self._stop)
            while not self._is_over():
                await asyncio.sleep(1.0)
        house.end()
        # The sockets that just closed are let go in the loop's next turns.
        for _ in range(5):
            await asyncio.sleep(0)

    async def _guard(self, me: Process) -> None:
        """Over all who drive instruments."""
        names = [name for name, declared in self.laboratory.agents.items() if declared.instruments]
        await guard_house(me, self, {name: partial(self._begin, name) for name in names}, self.written)

    def _begin(self, name: str, epoch: int) -> Process:
        return self.house.start(name, partial(self._live, epoch=epoch))

    async def _stop(self, me: Process) -> None:
        bus = me.make_bus()
        for number, n_acts in enumerate(self._stops, start=1):
            while len(self.instruments.done) < n_acts:
                await asyncio.sleep(AGAIN)
            await self.person.stop(bus, number)
            await asyncio.sleep(STOPPED)
            for stop in await self.person.find_stops():
                await self.person.rearm(stop)

    async def _command(self, me: Process) -> None:
        body = StartCampaign(plan=self._plan, person="ada")
        await command(me.make_bus(), self.topics, body, self._plan.name)

    async def _live(self, me: Process, epoch: int | None = None) -> None:
        declared = self.laboratory.agents[me.name]
        if me.number > 1 and self._loses(me.name, me.number - 1):
            self.n_lost[me.name] += 1
            for path in (self.folder.path / "journals").glob(f"{me.name}.sqlite*"):
                path.unlink()
        motions = (lambda intents: WorldMotions(self.instruments, intents)) if declared.instruments else None
        computing = {"compute": ComputeRunner(Computing())}
        await self.live(me, ROLES[declared.role](me.name), epoch or me.number, computing, motions)

    def _is_over(self) -> bool:
        agents = self.agents.values()
        heads = {agent.cursor.position for agent in agents}
        if len(self.agents) < len(self.laboratory.agents) or len(heads) != 1 or any(a.outbox_size for a in agents):
            return False
        # Nobody dies any more where everything is said: whoever is newly born says so first.
        return all(agent.is_born for agent in agents) and self._has_finished(heads.pop())

    def _has_finished(self, head: int) -> bool:
        supervision = self.agents["supervision"]
        is_at_head = supervision.link.head is not None and supervision.link.head.position == head
        is_told = set(supervision.state.rearms.get("main", ())) >= {f"stop-{n + 1}" for n in range(len(self._stops))}
        is_finished = is_told and supervision.state.campaign is None and self._plan.name in supervision.state.used
        return is_at_head and is_finished and not any(agent.jobs_wanted() for agent in self.agents.values())


def _reachable(laboratory: Laboratory) -> Laboratory:
    """With addresses at which nothing real is: the guard asks for none, and looks for no repeater."""
    instruments = {
        name: declared.model_copy(update={"address": "modbus://127.0.0.1:1?unit=1"})
        for name, declared in laboratory.instruments.items()
    }
    return laboratory.model_copy(update={"instruments": instruments})


def check_once(log: Iterable[Logged]) -> None:
    """Nothing was begun, made, measured or concluded twice, and every reservation was given back."""
    bodies = [logged.entry.record for logged in log]
    begun = Counter((body.task.id, body.task.attempt) for body in bodies if isinstance(body, TaskStarted))
    assert set(begun.values()) == {1}
    assert set(Counter(body.sample.id for body in bodies if isinstance(body, SampleMade)).values()) <= {1}
    assert set(Counter(body.measurement.id for body in bodies if isinstance(body, MeasurementTaken)).values()) <= {1}
    seen = (body.observation for body in bodies if isinstance(body, ObservationMade))
    assert set(Counter((one.measurement, one.property) for one in seen).values()) <= {1}
    granted = Counter(body.work for body in bodies if isinstance(body, ReservationMade))
    assert granted == Counter(body.work for body in bodies if isinstance(body, ReservationReleased) if body.places)


def wants_of(state: AgentState, drafts: Sequence[Draft] = ()) -> tuple[object, ...]:
    """All by which a state can make its agent do something: what only tells it something leaves that as it is."""
    return tuple(drafts), state.jobs(), state.timers(), tuple(state.owed()), tuple(state.asked())


def check_agreed(night: Night, log: Sequence[Logged]) -> None:
    """Each journal is what the log makes of its agent, and all that the log makes it say stands there."""
    known = {logged.entry.id: logged.entry for logged in log}
    for name, declared in night.laboratory.agents.items():
        journal = Journal(night.folder.path / "journals" / f"{name}.sqlite", name)
        saved = journal.load()
        assert journal.outbox() == []
        journal.close()
        behaviour = ROLES[declared.role](name)
        state = behaviour.start()
        assert saved.log == log[-1].seal.log
        for logged in log:
            if logged.position == saved.position + 1:
                assert type(state).model_validate_json(saved.state or "") == state, f"{name} at {saved.position}"
            if concerns(name, behaviour, logged):
                taken = step(name, behaviour, state, logged)
                if not heeds(name, behaviour, state, taken.state, logged):
                    assert wants_of(taken.state, taken.drafts) == wants_of(state), f"{name} heeds {logged.entry.kind}"
                state = taken.state
                ids = [decision_id(name, logged.position, i) for i in range(len(taken.drafts))]
                assert set(ids) <= set(known), f"{name} never said {set(ids) - set(known)}"
        if saved.position == log[-1].position:
            assert type(state).model_validate_json(saved.state or "") == state, name
        assert saved.sequence == max((one.seal.sequence for one in log if one.seal.source == name), default=0)
