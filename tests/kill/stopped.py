"""A toy laboratory with a real guard: its emergency stop, the re-arm, and a task of several acts that goes on after it.

Recorder, supervision, the line under its guard, and a person who asks, stops and re-arms are processes of one house.
"""

import asyncio
from pathlib import Path

from lab_agents.agents.supervision import Supervision
from lab_agents.bus.faulty import FaultyCarrier
from lab_agents.bus.memory import MemoryCarrier
from lab_agents.errors import ChannelError
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.topics import Topics
from lab_agents.notify.notice import Notice
from lab_agents.notify.notifier import Notifier
from lab_agents.notify.pending import PendingNotices
from lab_agents.process_place import Place
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory, SafeWrite
from lab_agents.records.notification import NotificationChannel
from lab_agents.settings import Settings
from lab_agents.stop_report import read_reports
from tests.kill.guarded import AGAIN, StopPerson, guard_house
from tests.kill.house import IsDue, Process
from tests.kill.loop import InlineWorker
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
    notifications={"inbox": NotificationChannel(kind="webhook", address="https://example.org/")},
    instruments={
        "toy": InstrumentDeclaration(driver="modbus_coater", address="modbus://127.0.0.1:1", safe_state=(SAFE,))
    },
)
SETTINGS = Settings(safe_for=1.0)
PATIENCE = 120.0
"""Loop seconds after which a night in which somebody died has surely ended."""
IN_FLIGHT = 0.3
"""Loop seconds that a start takes to the instrument."""


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


class Inbox:
    """Where people are told; every third notice is not taken, and comes again."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._n_asked = 0

    def send(self, notice: Notice) -> str:
        self._n_asked += 1
        if self._n_asked % 3 == 0:
            raise ChannelError("The receiver hung up.")
        self.told.append(notice.id)
        return ""


class StopNight(Night):
    """One night: a task runs, is stopped in the middle, re-armed, and ends, whoever dies meanwhile."""

    def __init__(self, folder: Path, carrier: MemoryCarrier, is_due: IsDue) -> None:
        super().__init__(folder, LABORATORY, carrier, is_due, SETTINGS)
        self.promised = StopPerson(self.folder, TOPICS)
        self.instrument: WatchedInstrument | None = None
        self.inbox = Inbox()
        self.is_done = False

    async def run(self) -> None:
        """Until the person has nothing more to do and everybody has said everything."""
        self.instrument = WatchedInstrument(asyncio.get_running_loop())
        house = self.house
        async with asyncio.timeout(PATIENCE):
            house.keep("recorder", self.record)
            house.keep("supervision", self._supervise)
            house.keep("guard", self._guard)
            house.keep("notifier", self._notify)
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
        is_said = not line.outbox_size and not supervision.outbox_size and not self.untold()
        return self.promised.is_armed() and line.state.done and is_told and is_clear and is_said

    def untold(self) -> set[str]:
        """What the inbox has not: the stops and re-arms of the log, and how the guard's reports say that each ended."""
        supervision = self.agents["supervision"].state
        recorded = {f"{stop}/main" for stop in supervision.stops.get("main", ())}
        rearmed = {f"{stop}/main/rearmed" for stop in supervision.rearms.get("main", ())}
        reports = read_reports(self.folder, ("main",)).reports
        ended = {f"{report.stop.id}/main/{'safe' if report.is_safe else 'unsafe'}" for report in reports}
        return (recorded | rearmed | ended) - set(self.inbox.told)

    # Processes.

    async def _supervise(self, me: Process) -> None:
        await self.live(me, Supervision("supervision"), me.number)

    async def _notify(self, me: Process) -> None:
        place = Place("notifier", "notifier", me.number, self.folder, LABORATORY, "", SETTINGS)
        pending = await asyncio.to_thread(PendingNotices, self.folder.pending_notices)
        me.keep(pending.close)
        await Notifier(place, me.make_bus(), pending, lambda *_: self.inbox, worker=InlineWorker(me)).run()

    async def _line(self, me: Process, epoch: int) -> None:
        instrument = self.instrument
        assert instrument is not None
        await self.live(
            me, ToyBehaviour(), epoch, motions=lambda intents: ToyMotions(instrument, intents, IN_FLIGHT, 0.0)
        )

    async def _guard(self, me: Process) -> None:
        assert self.instrument is not None
        await guard_house(me, self, {"line": self._start_line}, self.instrument.written)

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
        if not self.promised.settled and not await self.promised.find_stops():
            await self.promised.stop(bus, me.number)
        while not commanding.done():
            # What somebody sent who was killed may still be on its way, and stops once more.
            while stops := await self.promised.find_stops():
                await self.promised.rearm(stops[0])
            self.is_done = True
            await asyncio.sleep(AGAIN)
