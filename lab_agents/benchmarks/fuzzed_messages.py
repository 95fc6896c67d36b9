"""Nonsense on every topic: random bytes, and valid messages that were changed in transit.

A real recorder with a real store on a bus in memory must keep and count each one that was meant for the log; a follower
must still follow to the end afterwards, and nobody may have ended.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.clock import FollowedClock
from lab_agents.log import Cursor, LogLink
from lab_agents.messages.commands import AbortCampaign
from lab_agents.messages.entry import KINDS, Entry
from lab_agents.messages.frames import Answer, Head, Header, Permit, Question, pack
from lab_agents.messages.topics import Topics
from lab_agents.permits import HeardPermit
from lab_agents.recorder import Recorder
from lab_agents.records.laboratory import AgentDeclaration, InstrumentDeclaration, Laboratory
from lab_agents.store.writer import LogWriter
from lab_agents.threads import OwnThread

PATIENCE = 300.0
"""Wall seconds in which all that was sent must have been dealt with: each message that is kept is synced to disk."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = Topics("small")
LABORATORY = Laboratory(
    name="small",
    agents={
        "line": AgentDeclaration(role="synthesis", instruments=("toy",)),
        "planning": AgentDeclaration(role="planning"),
    },
    instruments={"toy": InstrumentDeclaration(driver="toy", address="toy://")},
)
SHARES = {"garbage": 0.4, "entries": 0.3}
"""Of all messages: frames and questions without a readable header, frames with an entry that may not stand in the log;
the rest goes to whoever else listens."""


@dataclass
class Fate:
    """What became of the messages."""

    n: int = 0
    garbage: int = 0
    dead_letters: int = 0
    entries: int = 0
    appended: int = 0
    elsewhere: int = 0
    followed: int = 0
    ended: int = 0

    @property
    def are_kept(self) -> bool:
        """Whether each message that was meant for the log is a dead letter or an entry."""
        return (self.garbage, self.entries) == (self.dead_letters, self.appended)


def message_rows(fate: Fate) -> list[Figure]:
    """The rows of the messages."""
    return [
        Figure(
            figure=f"processes ended by {fate.n} fuzzed messages",
            target="0",
            measured=fate.ended,
            verdict=verdict(fate.ended == 0 and fate.followed == fate.appended),
            note=f"recorder and follower; it read {fate.followed} of {fate.appended} entries afterwards",
        ),
        Figure(
            figure="of those meant for the log, kept and counted",
            target=f"{fate.garbage + fate.entries}",
            measured=fate.dead_letters + fate.appended,
            verdict=verdict(fate.are_kept),
            note=f"{fate.dead_letters} dead letters, {fate.appended} entries (nearly all of them `EntryRefused`); "
            f"{fate.elsewhere} went to other topics, where nothing is kept",
        ),
    ]


async def message_figures(folder: Path, n: int, seed: int = 0) -> list[Figure]:
    """Send `n` messages through a bus in memory and say what became of them."""
    fate, draw = Fate(n=n), random.Random(f"messages {seed}")
    carrier = MemoryCarrier()
    async with _recorder(folder, carrier) as (recorder, writer, serving):
        bus = MemoryBus(carrier, "attacker")
        carrier.join(bus)
        link = LogLink(bus, TOPICS, "line", 1)
        await link.start(Cursor())
        await bus.subscribe(TOPICS.build("permit"), HeardPermit().hear)
        following = asyncio.create_task(_follow(link, fate))
        begun = writer.position
        for number in range(n):
            await _send(bus, draw, number, fate)
            if number % 50 == 0:
                # What is in memory reaches its listeners in the loop's turns.
                await asyncio.sleep(0)
        await _until(lambda: _is_over(fate, recorder, writer.position - begun) or serving.done() or following.done())
        fate.dead_letters, fate.appended = recorder.dead_letters, writer.position - begun
        await _until(lambda: fate.followed >= writer.position or following.done())
        # The first entries were there before.
        fate.followed -= begun
        fate.ended = serving.done() + following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return message_rows(fate)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.1)


def _is_over(fate: Fate, recorder: Recorder, appended: int) -> bool:
    return recorder.dead_letters >= fate.garbage and appended >= fate.entries


async def _follow(link: LogLink, fate: Fate) -> None:
    while True:
        await link.next()
        fate.followed += 1


async def _send(bus: MemoryBus, draw: random.Random, number: int, fate: Fate) -> None:
    kind = draw.random()
    if kind < SHARES["garbage"]:
        topic = draw.choice(("submit", "read"))
        fate.garbage += 1
        await bus.publish(TOPICS.build(topic, source="line"), _unreadable(READ_AS[topic], draw))
    elif kind < sum(SHARES.values()):
        source = f"once-fuzz-{number}"
        fate.entries += 1
        header = Header(source=source, epoch=0, sequence=1)
        await bus.publish(TOPICS.build("submit", source=source), pack(header, changed(_entry(source), draw)))
    else:
        topic = draw.choice(("head", "page", "permit"))
        fate.elsewhere += 1
        place = TOPICS.build(topic, source="line") if topic == "page" else TOPICS.build(topic)
        await bus.publish(place, _unreadable(READ_AS[topic], draw))


def _entry(source: str) -> bytes:
    body = AbortCampaign(person="fuzz", reason="fuzz")
    version = KINDS["AbortCampaign"].version
    entry = Entry(id=f"{source}/1", kind="AbortCampaign", schema_version=version, record=body, at=AT, subject="s")
    return entry.to_bytes()


READ_AS: dict[str, type[BaseModel]] = {
    "submit": Header,
    "read": Question,
    "head": Head,
    "page": Answer,
    "permit": Permit,
}
"""What the first line is read as, by topic."""
SAMPLES: dict[type[BaseModel], bytes] = {
    Header: b'{"source":"line","epoch":1,"sequence":1}\n{"id":"line/1","kind":"AgentStarted"}',
    Question: b'{"ask":"birth","number":1,"source":"line","epoch":1}',
    Head: b'{"log":"0","position":1,"chain":"0","recorder":1}',
    Answer: b'{"answer":"page","number":1,"log":"0","count":1}\n12\nshort',
    Permit: b'{"number":1,"granted":true}',
}
"""What such a message looks like on the wire; changed until it can no longer be read."""


def _unreadable(record: type[BaseModel], draw: random.Random) -> bytes:
    """Bytes whose first line is no such record."""
    while True:
        data = draw.randbytes(draw.randrange(200)) if draw.random() < 0.3 else changed(SAMPLES[record], draw)
        if not _is_record(record, data):
            return data


def _is_record(record: type[BaseModel], data: bytes) -> bool:
    """Whether the first line can be read."""
    try:
        record.model_validate_json(data.partition(b"\n")[0])
    except ValidationError:
        return False
    return True


def changed(data: bytes, draw: random.Random) -> bytes:
    """The bytes after one to four changes: bits, cuts, repeats, numbers and types that nobody expects."""
    for _ in range(draw.randint(1, 4)):
        data = draw.choice((_flip, _cut, _double, _swap, _number))(data or b"{}", draw)
    return data


def _flip(data: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << draw.randrange(8))]) + data[place + 1 :]


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data))]


def _double(data: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(data))
    return data[:place] + data[place:] * draw.randint(2, 4)


def _swap(data: bytes, draw: random.Random) -> bytes:
    old, new = draw.choice(
        ((b'"', b""), (b":", b":["), (b"1", b"true"), (b"}", b""), (b",", b",,"), (b"line", b"\xff"))
    )
    return data.replace(old, new, 1)


def _number(data: bytes, draw: random.Random) -> bytes:
    return data.replace(b"1", draw.choice((b"NaN", b"1e999", b"-1", b'"1"', b"9" * 40, b"1.5", b"null", b"{}")), 1)


@asynccontextmanager
async def _recorder(
    folder: Path, carrier: MemoryCarrier
) -> AsyncIterator[tuple[Recorder, LogWriter, asyncio.Task[None]]]:
    await asyncio.to_thread(folder.mkdir)
    worker = OwnThread("store")
    writer = await worker.run(LogWriter, folder / "store.sqlite", "small", lambda _connection, _logged: None)
    bus = MemoryBus(carrier, "recorder")
    carrier.join(bus)
    blobs = DirectoryBlobs(folder / "blobs")
    recorder = Recorder(writer, worker, bus, blobs, FollowedClock(AT), TOPICS)
    await recorder.open(LABORATORY, await asyncio.to_thread(blobs.put, b"a lab file"), "1")
    serving = asyncio.create_task(recorder.run())
    # It listens to frames and questions.
    await _until(lambda: len(bus.filters) >= 2)
    try:
        yield recorder, writer, serving
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await worker.run(writer.close)
        await asyncio.to_thread(worker.close)
