"""A person's single command: its frame is kept in a file until its position was seen."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.bus.protocol import Bus
from lab_agents.errors import MessageError
from lab_agents.log import Cursor, LogLink
from lab_agents.messages.entry import KINDS, Body, Entry, read_entry
from lab_agents.messages.frames import Answer, Header, Logged, pack, unpack_frame
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.topics import Topics
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import write_atomically


def write_frame(folder: Path, body: Body, subject: str, campaign: str | None = None) -> Path:
    """Put a command into a file of its own source, before it is sent.

    Args:
        folder: Where frames wait, `STATE/once`.
        body: The command; its kind must belong to the role *person*.
        subject: What it is about.
        campaign: The campaign it concerns, if any.
    """
    source, kind = f"once-{uuid.uuid4().hex}", type(body).__name__
    entry = Entry(
        id=f"{source}/0/0",
        kind=kind,
        schema_version=KINDS[kind].version,
        at=datetime.now(UTC),
        campaign=campaign,
        subject=subject,
        record=body,
    )
    path = folder / f"{source}.frame"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, pack(Header(source=source, epoch=0, sequence=1), entry.to_bytes()))
    return path


def waiting_frames(folder: Path) -> Iterator[Path]:
    """Frames of calls that were killed before they saw their position."""
    yield from sorted(folder.glob("once-*.frame"))


async def send_frame(path: Path, bus: Bus, topics: Topics, settings: Settings = DEFAULT) -> Logged | None:
    """Send a waiting frame until the recorder has it, then remove its file.

    Returns:
        The logged entry; None if it stood in the log already.

    Raises:
        MessageError: If the recorder refused it, saying why. The file is removed: it would be refused again.
    """
    frame = await asyncio.to_thread(path.read_bytes)
    header, data = unpack_frame(frame)
    read_entry(data)
    link = LogLink(bus, topics, header.source, 0, settings)
    is_known = asyncio.Event()

    def hear(answer: Answer) -> None:
        # Sequence 2 asked for means that 1 was used up by an earlier life of this call.
        if answer.answer == "known" or (answer.answer == "resend" and answer.sequence > header.sequence):
            is_known.set()

    link.on_answer = hear
    await link.start(Cursor())
    head = await link.wait_for_head()
    link.rewind(Cursor(head.log, head.position, head.chain))
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(_send(bus, topics, header.source, frame, settings))
        seeing = group.create_task(_see(link, header.source))
        knowing = group.create_task(is_known.wait())
        await asyncio.wait([seeing, knowing], return_when=asyncio.FIRST_COMPLETED)
        sending.cancel()
        knowing.cancel()
        if not seeing.done():
            seeing.cancel()
    await asyncio.to_thread(path.unlink, missing_ok=True)
    logged = None if seeing.cancelled() else seeing.result()
    if logged is not None and isinstance(logged.entry.record, EntryRefused):
        raise MessageError(f"The command was refused: {logged.entry.record.reason}")
    return logged


async def submit_once(
    bus: Bus, topics: Topics, folder: Path, body: Body, *, subject: str, campaign: str | None = None
) -> Logged | None:
    """Write a command down, send it, and wait for its position; see `send_frame`."""
    return await send_frame(write_frame(folder, body, subject, campaign), bus, topics)


async def _send(bus: Bus, topics: Topics, source: str, frame: bytes, settings: Settings) -> None:
    """Frame, and the next sequence without content as a question: a known frame is dropped without a word."""
    while True:
        await bus.publish(topics.build("submit", source=source), frame)
        await asyncio.sleep(settings.ask_again)
        await bus.publish(topics.build("submit", source=source), pack(Header(source=source, epoch=0, sequence=3), b""))


async def _see(link: LogLink, source: str) -> Logged:
    while True:
        logged = await link.next()
        record = logged.entry.record
        if logged.seal.source == source or (isinstance(record, EntryRefused) and record.source == source):
            return logged
