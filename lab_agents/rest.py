"""Is the laboratory at rest? Found from heads, statuses and the log, for the clock of a simulated laboratory."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from lab_agents.bus.protocol import Bus, Message
from lab_agents.errors import UnreadableEntryError
from lab_agents.log import Cursor, LogLink
from lab_agents.messages.course import AgentDeclaredIn, AgentDeclaredOut, CampaignFinished, CampaignStarted
from lab_agents.messages.entry import Body
from lab_agents.messages.frames import AgentStatus, GuardStatus, Head, Logged
from lab_agents.messages.life import LabChanged, LabOpened
from lab_agents.messages.topics import Topics
from lab_agents.messages.work import (
    WORK_KINDS,
    ReservationRefused,
    ReservationReleased,
    ReservationRequested,
    TaskDone,
    TaskFailed,
    TaskStarted,
    WorkAmended,
    work_of,
)
from lab_agents.records.recipe import Task
from lab_agents.settings import DEFAULT, Settings


@dataclass(frozen=True)
class Look:
    """What one look found; the fields are those that the held clock asks for."""

    at_rest: bool
    next_timer: datetime | None = None
    reason: str = ""
    runs_at_wall_speed: bool = False
    campaign_open: bool = True
    acknowledged: frozenset[str] = frozenset()


_READ = frozenset(
    kind.__name__
    for kind in (
        *(LabOpened, LabChanged, AgentDeclaredOut, AgentDeclaredIn),
        *(CampaignStarted, CampaignFinished),
    )
).union(WORK_KINDS)


def _wants(_source: str, kind: str) -> bool:
    return kind in _READ


@dataclass(frozen=True)
class _Heard:
    status: AgentStatus
    at: float


class RestWatch:
    """Watches a laboratory from outside; it publishes nothing and decides nothing.

    The laboratory is at rest when every declared agent that is not out has reported for the newest entry that concerns
    it: handled, outbox empty, nothing owed, every motion waiting for something that has not ended yet.
    """

    def __init__(
        self,
        bus: Bus,
        topics: Topics,
        link: LogLink,
        settings: Settings = DEFAULT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._topics, self._link, self._settings = bus, topics, link, settings
        self._monotonic = monotonic
        self._agents: dict[str, _Heard] = {}
        self._guards: dict[str, GuardStatus] = {}
        self._declared: frozenset[str] = frozenset()
        self._out: frozenset[str] = frozenset()
        self._follows: dict[str, frozenset[str]] = {}
        self._partakes: dict[str, frozenset[str]] = {}
        self._partners: dict[str, frozenset[str]] = {}
        self._needed: dict[str, int] = {}
        self._tasks: dict[str, Task] = {}
        self._open = 0
        self._followed = 0
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow heads, statuses and the log until cancelled."""
        await self._link.start(Cursor())
        await self._bus.subscribe(self._topics.build("head"), self._hear_head)
        for topic in ("agent_status", "agent_rest"):
            await self._bus.subscribe(self._topics.build(topic, source="+"), self._hear_agent)
        await self._bus.subscribe(self._topics.build("guard_status", machine="+"), self._hear_guard)
        while True:
            try:
                met = await self._link.next_of(_wants)
            except UnreadableEntryError as unread:
                # The agents are stuck there and hold the clock; the watch itself must see them go on.
                self._need(unread.position)
            else:
                if isinstance(met, Logged):
                    self._take(met)
                else:
                    self._need(met.position, met.seal.source, met.kind)
            self._changed.set()

    def verdict(self, finished: Collection[str], running: Collection[str] = ()) -> Look:
        """A pure look at what is known now; see `simulators.held_clock.LabAtRest`."""
        ended = frozenset(finished)
        statuses = [self._agents[name].status for name in sorted(self._declared - self._out) if name in self._agents]
        reason = self._unrest(ended)
        return Look(
            at_rest=not reason,
            next_timer=min((s.next_timer for s in statuses if s.next_timer), default=None),
            reason=reason,
            runs_at_wall_speed=self._is_latched() or self._is_unwatched(running),
            campaign_open=self._open > 0,
            acknowledged=self._acknowledged(ended, statuses),
        )

    def _is_latched(self) -> bool:
        return any(guard.latched for guard in self._guards.values())

    def _is_unwatched(self, running: Collection[str]) -> bool:
        """Whether a program runs whose agent is out: nobody will say when it ends, so it takes its time."""
        left = (task for task in self._tasks.values() if task.owner in self._out)
        return any(token in running for task in left for token in task.tokens)

    async def changed(self) -> None:
        """Return when a new look may differ from the last one."""
        await self._changed.wait()
        self._changed.clear()

    def _unrest(self, ended: frozenset[str]) -> str:
        """Why the laboratory is not at rest, or an empty string."""
        head = self._link.head
        if head is None or not self._declared:
            return "the log was not heard yet"
        if self._followed < head.position:
            return "the log is being read"
        for name in sorted(self._declared - self._out):
            reason = self._unrest_of(name, head, ended)
            if reason:
                return f"{name} {reason}"
        return ""

    def _unrest_of(self, name: str, head: Head, ended: frozenset[str]) -> str:
        heard = self._agents.get(name)
        if heard is None or not heard.status.alive:
            return "is not there"
        status = heard.status
        if self._monotonic() - heard.at > self._settings.lost:
            return "is silent"
        if status.stuck:
            return f"is {status.stuck}"
        if status.log != head.log or status.position < self._needed.get(name, head.position):
            return f"has handled entry {status.position} of {head.position}"
        if status.outbox:
            return f"waits for {status.outbox} entries to be recorded"
        if status.owed:
            return f"works on {status.owed[0]}"
        late = [motion.token for motion in status.motions if motion.token in ended]
        return f"has not seen the end of {late[0]}" if late else ""

    def _acknowledged(self, ended: frozenset[str], statuses: list[AgentStatus]) -> frozenset[str]:
        """Ended programs that no living agent waits for: each was listed until its agent saw the end."""
        if len(statuses) < len(self._declared - self._out) or not all(status.alive for status in statuses):
            return frozenset()
        return ended - {motion.token for status in statuses for motion in status.motions}

    def _need(
        self, position: int, source: str = "", kind: str | None = None, partners: frozenset[str] | None = None
    ) -> None:
        """Let everybody whom the entry at `position` may make act report for it; without a kind it is everybody.

        `partners` take part in the work that it is about; without them everybody may.
        """
        self._followed = position
        for name in self._declared:
            follows = self._follows.get(name)
            may_partake = kind in self._partakes.get(name, ()) and (partners is None or name in partners)
            if follows is None or kind is None or source == name or kind in follows or may_partake:
                self._needed[name] = position

    def _take(self, logged: Logged) -> None:
        """What an entry says of the laboratory, and who must report for it: who takes part in a work until its end."""
        record = logged.entry.record
        self._take_record(record)
        work = work_of(record)
        if work is not None and isinstance(record, ReservationRequested | WorkAmended):
            asked = {record.service} if isinstance(record, ReservationRequested) else set()
            joined = {logged.seal.source, *asked, *(step.owner for step in record.recipe.steps)}
            self._partners[work] = self._partners.get(work, frozenset()) | joined
        partners = None if work is None else self._partners.get(work)
        self._need(logged.position, logged.seal.source, logged.entry.kind, partners)
        if work is not None and isinstance(record, ReservationReleased | ReservationRefused):
            self._partners.pop(work, None)

    def _take_record(self, record: Body) -> None:
        if isinstance(record, LabOpened | LabChanged):
            self._declared = frozenset(record.laboratory.agents)
        elif isinstance(record, AgentDeclaredOut):
            self._out |= {record.agent}
        elif isinstance(record, AgentDeclaredIn):
            self._out -= {record.agent}
        elif isinstance(record, TaskStarted):
            self._tasks[record.task.id] = record.task
        elif isinstance(record, TaskDone | TaskFailed):
            self._tasks.pop(record.task, None)
        elif isinstance(record, CampaignStarted):
            self._open += 1
        elif isinstance(record, CampaignFinished):
            self._open -= 1

    def _hear_head(self, _message: Message) -> None:
        # The link has taken it already; here it only means another look.
        self._changed.set()

    def _hear_agent(self, message: Message) -> None:
        try:
            status = AgentStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        known = self._agents.get(status.agent)
        if known is not None and status.epoch < known.status.epoch:
            return
        if known is None or status.epoch > known.status.epoch:
            # Another process, perhaps of other software: what it follows is not known, and where it stands neither.
            self._follows.pop(status.agent, None)
            self._partakes.pop(status.agent, None)
            self._needed[status.agent] = self._followed
        if status.follows:
            self._follows[status.agent] = frozenset(status.follows)
            self._partakes[status.agent] = frozenset(status.partakes)
        at = float("-inf") if message.retained else self._monotonic()
        self._agents[status.agent] = _Heard(status, at)
        self._changed.set()

    def _hear_guard(self, message: Message) -> None:
        try:
            status = GuardStatus.model_validate_json(message.payload)
        except ValidationError:
            return
        self._guards[status.machine] = status
        self._changed.set()
