"""A real guard over processes of a house, and a person who stops its laboratory and re-arms it."""

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lab_agents.bus.memory import MemoryBus
from lab_agents.child import Child, ChildPlan, Verdict
from lab_agents.children import Household
from lab_agents.errors import GuardError
from lab_agents.guard import Guard
from lab_agents.guard_client import rearm
from lab_agents.guard_door import ask, ask_once
from lab_agents.guard_process import attend
from lab_agents.messages.frames import StopRequest
from lab_agents.messages.topics import Topics
from lab_agents.settings import Settings
from lab_agents.state_folder import StateFolder
from tests.kill.house import Process
from tests.kill.night import Night

AGAIN = 0.3
"""Loop seconds between two attempts of the person."""
FAKE_PID = 1 << 23
"""No system gives such a number to a process: nothing real is ever looked at or killed."""


class SafeLine:
    """The guard's own connection to an instrument, which is safe once it was told; `written` is told when."""

    def __init__(self, written: list[float]) -> None:
        self._written, self._is_safe = written, False

    async def connect(self) -> None:
        await asyncio.sleep(0)

    async def write(self, signal: str, value: object) -> None:
        await asyncio.sleep(0)
        self._written.append(asyncio.get_running_loop().time())
        self._is_safe = True

    async def read(self, signal: str) -> float:
        await asyncio.sleep(0)
        return 0.0 if self._is_safe else 1.0

    async def close(self) -> None:
        await asyncio.sleep(0)


class HouseChild(Child):
    """A child of the guard that is a process of the house instead of one of the operating system."""

    def __init__(self, plan: ChildPlan, guard: Process, start: Callable[[int], Process], settings: Settings) -> None:
        super().__init__(plan, asyncio.get_running_loop().time, settings)
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


async def guard_house(
    me: Process, night: Night, start: Mapping[str, Callable[[int], Process]], written: list[float]
) -> None:
    """A guard's life, from the making of its parts to its end.

    Args:
        me: Its process.
        night: Whose machine it guards.
        start: Begins a life of each child under an epoch; the children are the agents of these names.
        written: Told when safe states were written.
    """
    me.watches_lines = True
    household = Household(night.laboratory, "main", night.folder, lambda role, name: [], None, 5065, night.settings)
    household.folder.guard("main").mkdir(parents=True, exist_ok=True)
    declared = night.laboratory.agents
    plans = tuple(
        ChildPlan(declared[name].role, name, lambda _: [], night.folder.log(name), declared[name].instruments)
        for name in start
    )
    time = asyncio.get_running_loop().time
    guard = await asyncio.to_thread(
        lambda: Guard(household, plans=plans, monotonic=time, dial=lambda *_: SafeLine(written))
    )
    guard.children = {plan.name: HouseChild(plan, me, start[plan.name], night.settings) for plan in plans}
    await attend(guard, me.make_bus())  # type: ignore[arg-type]


class StopPerson:
    """Who stops and re-arms, and what they were told, on the loop's clock.

    Attributes:
        latched: Since when a stop stood for sure.
        settled: Stops whose end was told.
        asked: When a re-arm was asked for.
        lifted: Stops that are lifted for sure.
    """

    def __init__(self, folder: StateFolder, topics: Topics) -> None:
        self._folder, self._topics = folder, topics
        self.latched: dict[str, float] = {}
        self.settled: set[str] = set()
        self.asked: dict[str, float] = {}
        self.lifted: list[str] = []

    def check_held(self, sent: list[float]) -> None:
        """No start was sent between the answer to a stop and the request for its re-arm."""
        for stop, since in self.latched.items():
            late = [at for at in sent if since < at < self.asked[stop]]
            assert not late, f"{stop} was answered at {since}, and a start sent at {late}"

    def is_armed(self) -> bool:
        """Whether the latch's file holds no stop."""
        path = self._folder.guard("main") / "latch.json"
        return not path.exists() or not json.loads(path.read_text())["stops"]

    async def find_stops(self) -> list[str]:
        while True:
            try:
                answer = await ask_once(self._folder, "main", {"do": "status"})
                return [stop["id"] for stop in answer["status"]["stops"]]
            except GuardError:
                await asyncio.sleep(AGAIN)

    async def stop(self, bus: MemoryBus, number: int) -> None:
        """Two ways at once, as the command does, until the guard has answered."""
        request = StopRequest(id=f"stop-{number}", person="ada", reason="smoke", at=datetime.now(UTC))
        telling = asyncio.create_task(_repeat(bus, self._topics, request))
        loop = asyncio.get_running_loop()
        question = {"do": "stop", "id": request.id, "person": request.person, "reason": request.reason}
        while request.id not in self.settled:
            try:
                async for line in ask(self._folder, "main", question):
                    if line.get("latched") == request.id:
                        self.latched.setdefault(request.id, loop.time())
                    if line.get("ok"):
                        self.settled.add(request.id)
            except GuardError:
                await asyncio.sleep(AGAIN)
        telling.cancel()

    async def rearm(self, stop: str) -> None:
        """Until the guard says that it is lifted; one whose answer was lost says that it is not in force."""
        self.asked.setdefault(stop, asyncio.get_running_loop().time())
        while True:
            try:
                await rearm(self._folder, "main", stop=stop, person="ada", reason="looked")
            except GuardError as error:
                if "not in force" in str(error):
                    break
                await asyncio.sleep(AGAIN)
            else:
                break
        self.lifted.append(stop)


async def _repeat(bus: MemoryBus, topics: Topics, request: StopRequest) -> None:
    while True:
        await bus.publish(topics.build("stop"), request.model_dump_json().encode(), retain=True)
        await asyncio.sleep(AGAIN)
