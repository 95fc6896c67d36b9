"""The notifier's process: what is heard and read reaches people."""

import asyncio
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab_agents.assembly import run_place
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.messages.course import TicketOpened
from lab_agents.messages.frames import GuardStatus, StopRequest
from lab_agents.notify import notifier, silence
from lab_agents.notify.notifier import Notifier
from lab_agents.notify.pending import PendingNotices
from lab_agents.process_place import Place
from lab_agents.records.laboratory import AgentDeclaration, Laboratory
from lab_agents.records.notification import NotificationChannel
from lab_agents.records.ticket import Ticket, Trouble
from lab_agents.state_folder import StateFolder
from tests.logbook import LogBook
from tests.small_log import QUICK, TOPICS
from tests.unit.lab_agents.notify.receivers import Received, webhook_server

AT = datetime(2026, 1, 1, tzinfo=UTC)
STOP = StopRequest(id="stop-1", person="ada", reason="smoke", at=AT)
STATUS = GuardStatus(machine="main", epoch=1, pid=2, stops=(STOP,))


@dataclass(frozen=True)
class PlaceInMemory(Place):
    """A place whose bus is carried in memory."""

    carrier: MemoryCarrier | None = None

    def make_bus(self, will=None) -> MemoryBus:
        assert self.carrier is not None
        return MemoryBus(self.carrier, self.name, will)


def place_with(folder: StateFolder, **channels: NotificationChannel) -> PlaceInMemory:
    """The notifier of a laboratory with supervision and these channels."""
    agents = {"supervision": AgentDeclaration(role="supervision")}
    lab = Laboratory(name="small", agents=agents, instruments={}, notifications=channels)
    return PlaceInMemory("notifier", "notifier", 1, folder, lab, "nowhere", QUICK, MemoryCarrier())


@pytest.fixture
def folder(tmp_path):
    """A state folder."""
    return StateFolder.create(tmp_path / "state", "small", b"name: small\n")


def hook(received: Received, **declared: object) -> NotificationChannel:
    """A webhook to this server."""
    return NotificationChannel(kind="webhook", address=received.url, **declared)


@asynccontextmanager
async def notifying(place: PlaceInMemory):
    """The process at work, looking often; yields a bus of somebody else."""
    pending = await asyncio.to_thread(PendingNotices, place.folder.pending_notices)
    async with place.make_bus() as bus, MemoryBus(place.carrier, "other") as other:
        running = asyncio.create_task(Notifier(place, bus, pending, look=0.02).run())
        try:
            yield other
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def book_in(folder: StateFolder):
    """The log, written by a recorder."""
    book = await asyncio.to_thread(LogBook, folder.path)
    try:
        yield book
    finally:
        await asyncio.to_thread(book.close)


async def until(holds) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.005)


def open_ticket(book: LogBook, number: int) -> None:
    """A ticket in the log."""
    trouble = Trouble(what=f"trouble {number}")
    ticket = Ticket(id=f"ticket-{number}", subject="s", raised_by="line", trouble=trouble)
    book.add("supervision", TicketOpened(ticket=ticket))


async def test_tickets_and_stops_reach_whoever_wants_them(folder):
    """A stop that the guard tells again with every beat is one notice; ended meanwhile, a notice may come twice."""
    with webhook_server(Received()) as phone, webhook_server(Received()) as office:
        place = place_with(folder, phone=hook(phone, about=("stops",)), office=hook(office))
        async with book_in(folder) as book, notifying(place) as bus:
            await until_followed(folder)
            await asyncio.to_thread(open_ticket, book, 1)
            await bus.publish(TOPICS.build("guard_status", machine="main"), b"{noise")
            for _ in range(3):
                await bus.publish(TOPICS.build("guard_status", machine="main"), STATUS.model_dump_json().encode())
            await until(lambda: len(set(office.titles)) == 2)
            await until(lambda: phone.titles)
    assert set(phone.titles) == {"STOP of main by ada: smoke"}
    assert set(office.titles) == {"STOP of main by ada: smoke", "trouble 1"}
    assert len({body["id"] for body in office.bodies}) == 2


async def test_what_happens_while_it_is_dead_is_told_by_the_next_one(folder):
    """The log is its memory, and its file what is still to be sent."""
    with webhook_server(Received()) as phone:
        place = place_with(folder, phone=hook(phone))
        async with book_in(folder) as book:
            async with notifying(place):
                await until_followed(folder)
            await asyncio.to_thread(open_ticket, book, 1)
            async with notifying(place):
                await until(lambda: set(phone.titles) == {"trouble 1"})


async def test_a_laboratory_put_to_rest_has_its_last_word(folder):
    """What came since the last look is still told."""
    with webhook_server(Received()) as phone:
        place = place_with(folder, phone=hook(phone))
        async with book_in(folder) as book:
            running = asyncio.create_task(run_place(place))
            await until_followed(folder)
            await asyncio.to_thread(open_ticket, book, 1)
            running.cancel()
            assert await running == 0
    assert phone.titles == ["trouble 1"]


async def test_silence_is_told_and_a_dead_channel_by_the_others(folder, monkeypatch):
    """Just when log and guard are dead, people must hear of it."""
    monkeypatch.setattr(silence, "SILENT", 0.1)
    monkeypatch.setattr(silence, "STARTING", 0.1)
    monkeypatch.setattr(notifier, "MOURNED", 0.0)
    with webhook_server(Received()) as phone, webhook_server(Received(answer=500)) as office:
        place = place_with(folder, phone=hook(phone), office=hook(office))
        async with notifying(place) as bus:
            beat = asyncio.create_task(_beat(bus))
            await until(lambda: len(phone.titles) >= 3)
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
    assert set(phone.titles) >= {
        "the recorder has not been heard for 0 s",
        "the guard of main has not been heard for 0 s",
        "the channel office takes no notices",
    }
    assert "supervision has not been heard for 0 s" not in phone.titles


async def _beat(bus: MemoryBus) -> None:
    while True:
        await bus.publish(TOPICS.build("agent_status", source="supervision"), b"here")
        await asyncio.sleep(0.01)


async def until_followed(folder: StateFolder) -> None:
    """Wait until the log was met."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(_followed, folder.pending_notices):
            await asyncio.sleep(0.01)


def _followed(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(PendingNotices(path)) as pending:
        return pending.position() is not None
