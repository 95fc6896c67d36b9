"""A toy laboratory with a real guard: its emergency stop, the re-arm, and a task of several acts that goes on after it.

Recorder, supervision, the line under its guard, and a person who asks, stops and re-arms are processes of one house.
"""

import asyncio
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab_agents.agents.supervision import Supervision
from lab_agents.bus.faulty import FaultyCarrier
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.child import Child, ChildPlan, Verdict
from lab_agents.children import Household
from lab_agents.errors import GuardError
from lab_agents.guard import Guard
from lab_agents.guard_client import rearm
from lab_agents.guard_door import ask, ask_once
from lab_agents.guard_process import attend
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.frames import StopRequest
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory, SafeWrite
from lab_agents.settings import Settings
from tests.kill.house import IsDue, Process
from tests.kill.night import Night, command
from tests.kill.toy import ToyBehaviour, ToyInstrument, ToyMotions

TOPICS = Topics("toy")
SAFE = SafeWrite(signal="halt", value=1.0, read_back="status", expected=0.0)
LABORATORY = Laboratory(
    name="toy",
    agents={
        "line": AgentDeclaration(role="synthesis", instruments=("toy",)),
        "supervision": AgentDeclaration(role="supervision"),
    },
    instruments={
        "toy": InstrumentDeclaration(driver="modbus_coater", address="modbus://127.0.0.1:1", safe_state=(SAFE,))
    },
)
SETTINGS = Settings(safe_for=1.0)
PATIENCE = 120.0
"""Loop seconds after which a night in which somebody died has surely ended."""
IN_FLIGHT = 0.3
"""Loop seconds that a start takes to the instrument."""
AGAIN = 0.3
"""Loop seconds between two attempts of the person."""
FAKE_PID = 1 << 23
"""No system gives such a number to a process: nothing real is ever looked at or killed."""


class WatchedInstrument(ToyInstrument):
    """Remembers when starts were sent and safe states written."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self.sent: list[float] = []
        self.written: list[float] = []

    def send_start(self, token: str, delay: float) -> None:
        self.sent.append(self._loop.time())
        super().send_start(token, delay)


class SafeLine:
    """The guard's own connection to the instrument."""

    def __init__(self, instrument: WatchedInstrument) -> None:
        self._instrument = instrument

    async def connect(self) -> None:
        await asyncio.sleep(0)

    async def write(self, signal: str, value: object) -> None:
        await asyncio.sleep(0)
        self._instrument.written.append(asyncio.get_running_loop().time())

    async def read(self, signal: str) -> float:
        await asyncio.sleep(0)
        return 0.0 if self._instrument.written else 1.0

    async def close(self) -> None:
        await asyncio.sleep(0)


class HouseChild(Child):
    """A child of the guard that is a process of the house instead of one of the operating system."""

    def __init__(self, plan: ChildPlan, guard: Process, start: Callable[[int], Process]) -> None:
        super().__init__(plan, asyncio.get_running_loop().time, SETTINGS)
        self._guard, self._begin = guard, start
        self._life: Process | None = None

    @property
    def pid(self) -> int | None:
        return None if self._life is None else FAKE_PID + self._life.number

    def prepare(self, epoch: int) -> Any:
        return _Launch(epoch)

    def start(self, launch: Any, wake: Callable[[], None]) -> None:
        life = self._life = self._begin(launch.epoch)
        self.epoch = launch.epoch
        # A child dies with its guard, and its guard hears of its end.
        self._guard.keep(life.die)
        life.keep(wake)

    def send(self, number: signal.Signals) -> None:
        if self._life is not None:
            self._life.die()

    def take_end(self) -> str | None:
        if self._life is None or not self._life.is_dead:
            return None
        self._life = None
        return "killed by SIGKILL"

    def beat(self, *, draining: bool) -> None:
        """Its beat is its life."""

    def judge(self, now: float) -> Verdict:
        return "fine"

    def has_outlived(self, instant: float | None) -> bool:
        return False


@dataclass(frozen=True)
class _Launch:
    epoch: int

    def close(self) -> None:
        """Nothing was opened."""


@dataclass
class Promised:
    """What the person was told, on the loop's clock: since when a stop stands, and when its re-arm was asked for."""

    latched: dict[str, float] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    asked: dict[str, float] = field(default_factory=dict)
    lifted: list[str] = field(default_factory=list)


class StopNight(Night):
    """One night: a task runs, is stopped in the middle, re-armed, and ends, whoever dies meanwhile."""

    def __init__(self, folder: Path, carrier: MemoryCarrier, is_due: IsDue) -> None:
        super().__init__(folder, LABORATORY, carrier, is_due, SETTINGS)
        self.promised = Promised()
        self.instrument: WatchedInstrument | None = None
        self.is_done = False

    async def run(self) -> None:
        """Until the person has nothing more to do and everybody has said everything."""
        self.instrument = WatchedInstrument(asyncio.get_running_loop())
        house = self.house
        async with asyncio.timeout(PATIENCE):
            house.keep("recorder", self.record)
            house.keep("supervision", self._supervise)
            house.keep("guard", self._guard)
            house.keep("person", self._person)
            while not (self.is_done and self._is_over()):
                await asyncio.sleep(0.5)
        house.end()
        # The sockets that just closed are let go in the loop's next turns.
        for _ in range(5):
            await asyncio.sleep(0)

    def _is_over(self) -> bool:
        if {"line", "supervision"} - set(self.agents):
            return False
        line, supervision = self.agents["line"], self.agents["supervision"]
        told = supervision.state.rearms.get("main", ())
        is_told = set(told) >= set(self.promised.lifted)
        # On a bad network the guard's word that clears the topic may be lost; then the request stays there, and is old.
        is_bad = isinstance(self.house.carrier, FaultyCarrier)
        is_clear = is_bad or TOPICS.build("stop") not in self.house.carrier.retained
        is_said = not line.outbox_size and not supervision.outbox_size
        return self.is_armed() and line.state.done and is_told and is_clear and is_said

    def is_armed(self) -> bool:
        """Whether the latch's file holds no stop."""
        path = self.folder.guard("main") / "latch.json"
        return not path.exists() or not json.loads(path.read_text())["stops"]

    # Processes.

    async def _supervise(self, me: Process) -> None:
        await self.live(me, Supervision("supervision"), me.number)

    async def _line(self, me: Process, epoch: int) -> None:
        instrument = self.instrument
        assert instrument is not None
        await self.live(
            me, ToyBehaviour(), epoch, motions=lambda intents: ToyMotions(instrument, intents, IN_FLIGHT, 0.0)
        )

    async def _guard(self, me: Process) -> None:
        me.watches_lines = True
        household = Household(LABORATORY, "main", self.folder, lambda role, name: [], None, 5065, SETTINGS)
        household.folder.guard("main").mkdir(parents=True, exist_ok=True)
        instrument = self.instrument
        assert instrument is not None
        plan = ChildPlan("synthesis", "line", lambda _: [], self.folder.log("line"), ("toy",))
        guard = await asyncio.to_thread(
            lambda: Guard(
                household,
                plans=(plan,),
                monotonic=asyncio.get_running_loop().time,
                dial=lambda *_: SafeLine(instrument),
            )
        )
        guard.children = {"line": HouseChild(plan, me, self._start_line)}
        await attend(guard, me.make_bus())  # type: ignore[arg-type]

    def _start_line(self, epoch: int) -> Process:
        return self.house.start("line", lambda me: self._line(me, epoch))

    # The person.

    async def _person(self, me: Process) -> None:
        """Ask for a task, stop it in the middle, look, re-arm; one who was killed looks how things stand first."""
        bus = me.make_bus()
        assert self.instrument is not None
        commanding = asyncio.create_task(command(bus, TOPICS, AbortCampaign(person="tester", reason="go"), "toy"))
        while not self.instrument.ledger:
            await asyncio.sleep(AGAIN)
        if not self.promised.settled and not await self._find_stops():
            await self._stop(bus, me.number)
        while not commanding.done():
            # What somebody sent who was killed may still be on its way, and stops once more.
            while stops := await self._find_stops():
                await self._rearm(stops[0])
            self.is_done = True
            await asyncio.sleep(AGAIN)

    async def _find_stops(self) -> list[str]:
        while True:
            try:
                answer = await ask_once(self.folder, "main", {"do": "status"})
                return [stop["id"] for stop in answer["status"]["stops"]]
            except GuardError:
                await asyncio.sleep(AGAIN)

    async def _stop(self, bus: MemoryBus, number: int) -> None:
        """Two ways at once, as the command does, until the guard has answered."""
        request = StopRequest(id=f"stop-{number}", person="ada", reason="smoke", at=datetime.now(UTC))
        telling = asyncio.create_task(_repeat(bus, request))
        loop = asyncio.get_running_loop()
        question = {"do": "stop", "id": request.id, "person": request.person, "reason": request.reason}
        while request.id not in self.promised.settled:
            try:
                async for line in ask(self.folder, "main", question):
                    if line.get("latched") == request.id:
                        self.promised.latched.setdefault(request.id, loop.time())
                    if line.get("ok"):
                        self.promised.settled.add(request.id)
            except GuardError:
                await asyncio.sleep(AGAIN)
        telling.cancel()

    async def _rearm(self, stop: str) -> None:
        """Until the guard says that it is lifted; one whose answer was lost says that it is not in force."""
        self.promised.asked.setdefault(stop, asyncio.get_running_loop().time())
        while True:
            try:
                await rearm(self.folder, "main", stop=stop, person="ada", reason="looked")
            except GuardError as error:
                if "not in force" in str(error):
                    break
                await asyncio.sleep(AGAIN)
            else:
                break
        self.promised.lifted.append(stop)


async def _repeat(bus: MemoryBus, request: StopRequest) -> None:
    while True:
        await bus.publish(TOPICS.build("stop"), request.model_dump_json().encode(), retain=True)
        await asyncio.sleep(AGAIN)
