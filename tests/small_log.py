"""A recorder on a bus in memory, with a real store: what tests of followers and submitters stand on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import FollowedClock
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.frames import Answer, Head, Header, Question, pack, unpack_logged, unpack_page
from lab_agents.messages.life import AgentStarted
from lab_agents.messages.topics import Topics
from lab_agents.recorder import Recorder
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.settings import Settings
from lab_agents.store.writer import LogWriter, Offered, SourceState
from lab_agents.threads import OwnThread

AT = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = Topics("small")
QUICK = Settings(beat=0.02, ask_again=0.05, lost=0.15, declare_out=0.4)
"""Shorter times, in proportion, so that what is asked again is asked soon."""
LABORATORY = Laboratory(
    name="small",
    agents={
        "line": AgentDeclaration(role="synthesis", instruments=("toy",)),
        "planning": AgentDeclaration(role="planning"),
    },
    instruments={"toy": InstrumentDeclaration(driver="toy", address="toy://")},
)


def make_entry(entry_id: str, body: Body, **fields: Any) -> Entry:
    """An entry of the present version."""
    kind = type(body).__name__
    values: dict[str, Any] = {"at": AT, "subject": "s", **fields}
    return Entry(id=entry_id, kind=kind, schema_version=KINDS[kind].version, record=body, **values)


def started(number: int, source: str = "line") -> Entry:
    """An entry that any agent may publish."""
    body = AgentStarted(agent=source, epoch=number, version="1")
    return make_entry(f"{source}/epoch/{number}", body)


@dataclass
class SmallLog:
    """A running recorder and somebody to talk to it."""

    carrier: MemoryCarrier
    recorder: Recorder
    writer: LogWriter
    worker: OwnThread
    blobs: DirectoryBlobs
    clock: FollowedClock

    def __post_init__(self) -> None:
        self.answers: list[Answer] = []
        self._number = 0

    async def join(self, name: str) -> MemoryBus:
        """A new member of the bus."""
        bus = MemoryBus(self.carrier, name)
        self.carrier.join(bus)
        return bus

    async def listen(self, bus: MemoryBus, source: str) -> None:
        """Keep what the recorder answers a source."""
        await bus.subscribe(
            TOPICS.build("page", source=source), lambda message: self.answers.append(unpack_page(message.payload)[0])
        )

    async def head_where(self, wanted: Callable[[Head], bool]) -> Head:
        """The first head from now on that `wanted` accepts."""
        heads: asyncio.Queue[Head] = asyncio.Queue()
        bus = await self.join("looks-at-heads")
        await bus.subscribe(
            TOPICS.build("head"), lambda message: heads.put_nowait(Head.model_validate_json(message.payload))
        )
        async with asyncio.timeout(60):
            while not wanted(head := await heads.get()):
                continue
        return head

    async def give_birth(self, bus: MemoryBus, source: str, epoch: int, within: float = 60.0) -> Answer:
        """Ask for a birth and wait for its answer."""
        self._number += 1
        question = Question(ask="birth", number=self._number, source=source, epoch=epoch)
        await bus.publish(TOPICS.build("read", source=source), question.model_dump_json().encode())
        return await self.until(lambda answer: answer.number == self._number, within)

    async def until(self, wanted: Any, within: float = 60.0) -> Answer:
        """The first answer that `wanted` accepts."""
        async with asyncio.timeout(within):
            while True:
                for answer in self.answers:
                    if wanted(answer):
                        return answer
                await asyncio.sleep(0.005)

    async def send(self, bus: MemoryBus, source: str, sequence: int, payload: bytes, epoch: int = 1) -> None:
        """Submit a frame."""
        header = Header(source=source, epoch=epoch, sequence=sequence)
        await bus.publish(TOPICS.build("submit", source=source), pack(header, payload))

    async def add_unreadable(self) -> int:
        """Append an entry of a kind that this version does not know, as a newer one would; return its position."""
        entry = make_entry("once-newer/0/0", AbortCampaign(person="p", reason="r"))
        data = entry.to_bytes().replace(b"AbortCampaign", b"FromTheFuture")
        offered = Offered(Header(source="once-newer", epoch=0, sequence=1), entry, data)
        await self.worker.run(self.writer.append, [offered], {"once-newer": SourceState(0, 0, 1)}, AT)
        return self.writer.position

    async def entries(self, count: int) -> list[Entry]:
        """The log, once it holds `count` entries."""
        async with asyncio.timeout(60):
            while self.writer.position < count:
                await asyncio.sleep(0.005)
        sealed = await self.worker.run(self.writer.page, 0, 10_000_000)
        return [unpack_logged(one).entry for one in sealed]


@asynccontextmanager
async def small_log(
    folder: Path,
    carrier: MemoryCarrier | None = None,
    laboratory: Laboratory = LABORATORY,
    lab_file: bytes | None = None,
) -> AsyncIterator[SmallLog]:
    """A recorder serving a laboratory: by default one line and one planner."""
    carrier = carrier or MemoryCarrier()
    worker = OwnThread("store")
    writer = await worker.run(LogWriter, folder / "store.sqlite", "small", lambda _connection, _logged: None)
    bus = MemoryBus(carrier, "recorder")
    carrier.join(bus)
    blobs = DirectoryBlobs(folder / "blobs")
    clock = FollowedClock(AT)
    recorder = Recorder(writer, worker, bus, blobs, clock, TOPICS, QUICK)
    file = "0" * 64 if lab_file is None else await asyncio.to_thread(blobs.put, lab_file)
    await recorder.open(laboratory, file, "1")
    serving = asyncio.create_task(recorder.run())
    while len(bus.filters) < 2:  # it listens to frames and questions
        await asyncio.sleep(0)
    log = SmallLog(carrier, recorder, writer, worker, blobs, clock)
    try:
        yield log
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await worker.run(writer.close)
        await asyncio.to_thread(worker.close)
