"""Submitting from the command line: each call is its own source; its frame outlives it until it is answered."""

import asyncio
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Bus
from lab_agents.cli.states import existing_state
from lab_agents.credentials import people_access
from lab_agents.errors import GuardError, LabAgentsError, MessageError
from lab_agents.log import Cursor, LogLink
from lab_agents.messages.commands import StartCampaign
from lab_agents.messages.course import CampaignStarted
from lab_agents.messages.entry import KINDS, Body, Entry, read_entry
from lab_agents.messages.frames import Header, pack, unpack_frame
from lab_agents.messages.life import EntryRefused
from lab_agents.messages.topics import Topics
from lab_agents.records.campaign import CampaignPlan
from lab_agents.settings import DEFAULT
from lab_agents.state_folder import StateFolder, read_json, write_atomically
from lab_agents.store.reader import StoreReader, open_store

REACH = 10.0
"""Wall seconds to wait for broker and recorder of a laboratory that should be running."""


def new_source() -> str:
    """A source for one call of the command line."""
    return f"once-{uuid.uuid4().hex}"


def broker_url(folder: StateFolder) -> str:
    """Where the laboratory's broker listens.

    Raises:
        GuardError: If the laboratory was never started.
    """
    if not folder.runtime.exists():
        raise GuardError(f"The laboratory in {folder.path} was never started. Start it: lab-agents resume.")
    return str(read_json(folder.runtime)["broker"])


def write_frame(
    folder: StateFolder, body: Body, subject: str, campaign: str | None, at: datetime | None = None
) -> Path:
    """Write the frame of one command into the state folder; it is in the log once `send_frames` has returned."""
    source = new_source()
    kind = type(body).__name__
    entry = Entry(
        id=f"{source}/1", kind=kind, schema_version=KINDS[kind].version, at=at or datetime.now(UTC),
        campaign=campaign, subject=subject, record=body,
    )  # fmt: skip
    path = folder.once / f"{source}.frame"
    write_atomically(path, pack(Header(source=source, epoch=0, sequence=1), entry.to_bytes()))
    return path


async def send_frames(folder: StateFolder, bus: Bus, lab: str) -> None:
    """Send every frame that waits in the state folder, those of calls that were killed included.

    Raises:
        LabAgentsError: If the recorder refused any; its reasons are the message. The others are in the log.
    """
    refusals: list[str] = []
    for path, header, data in await asyncio.to_thread(_waiting_frames, folder):
        await _send(bus, Topics(lab), header, data)
        refusals += await asyncio.to_thread(_conclude, folder, path, header.source)
    if refusals:
        raise LabAgentsError(f"The recorder refused it: {'; '.join(refusals)}")


def _waiting_frames(folder: StateFolder) -> list[tuple[Path, Header, bytes]]:
    frames = []
    for path in sorted(folder.once.glob("*.frame")):
        try:
            frames.append((path, *unpack_frame(path.read_bytes())))
        except (MessageError, FileNotFoundError):
            # Another call was quicker, or the frame was never whole: its call was killed before it was sent.
            path.unlink(missing_ok=True)
    return frames


async def _send(bus: Bus, topics: Topics, header: Header, data: bytes) -> None:
    """Send until the recorder says that this source's first sequence is used up."""
    link = LogLink(bus, topics, header.source, header.epoch)
    await link.start(Cursor())
    frame = pack(header, data)
    while True:
        await bus.publish(topics.build("submit", source=header.source), frame)
        answer = await link.birth(0, 0)
        if answer.sequence >= header.sequence:
            return
        await asyncio.sleep(DEFAULT.beat / 10)


def _conclude(folder: StateFolder, path: Path, source: str) -> list[str]:
    """Take the answered frame away; why it was refused, if it was."""
    with StoreReader(folder.store) as reader:
        refused = [
            body.reason
            for logged in reader.entries((EntryRefused.__name__,), source="recorder")
            if isinstance(body := logged.entry.record, EntryRefused) and body.source == source
        ]
    # Only now: a call killed before this tells the reason the next time.
    path.unlink(missing_ok=True)
    return refused


def submit(state: Path | None, body: Body, *, subject: str, campaign: str | None = None) -> None:
    """Submit one command to a running laboratory, and return when it stands in the log.

    Raises:
        GuardError: If the laboratory does not run; the command is kept and sent when it does.
        LabAgentsError: If the recorder refused it.
    """
    folder = StateFolder.open(existing_state(state))
    url = broker_url(folder)
    write_frame(folder, body, subject, campaign)
    asyncio.run(_submit(folder, url))


async def _submit(folder: StateFolder, url: str) -> None:
    access = await asyncio.to_thread(people_access, folder.lab_file)
    try:
        async with asyncio.timeout(REACH), MqttBus(url, new_source(), access=access) as bus:
            await bus.wait_connected()
            await send_frames(folder, bus, folder.lab)
    except TimeoutError:
        raise GuardError(
            f"The laboratory in {folder.path} does not answer within {REACH:g} s. What was said is kept, and sent when "
            "it runs again: lab-agents resume."
        ) from None


def submit_for_campaign(state: Path | None, campaign: str | None, body: Body) -> str:
    """Submit a command about a campaign, by default the one that is open; return its name.

    Raises:
        LabAgentsError: If none is open, or see `submit`.
    """
    folder = StateFolder.open(existing_state(state))
    name = campaign
    if name is None:
        found = open_campaign(folder)
        if found is None:
            raise LabAgentsError(f"No campaign is open in {folder.path}.")
        name = found.name
    submit(folder.path, body, subject=name, campaign=name)
    return name


def open_campaign(folder: StateFolder) -> CampaignPlan | None:
    """The campaign that was asked for or started and has not finished, or None.

    A wish that was never taken up because another campaign was open then does not count.
    """
    found: CampaignPlan | None = None
    store = open_store(folder.store)
    if store is not None:
        with store as reader:
            for logged in reader.entries(("StartCampaign", "CampaignStarted", "CampaignFinished")):
                body = logged.entry.record
                if isinstance(body, CampaignStarted):
                    found = body.plan
                elif isinstance(body, StartCampaign):
                    found = found or body.plan
                else:
                    found = None
    return found or _waiting_start(folder)


def _waiting_start(folder: StateFolder) -> CampaignPlan | None:
    """The campaign whose start was written down by a call that was killed before it was sent."""
    for path in folder.once.glob("*.frame"):
        with suppress(MessageError, FileNotFoundError):
            body = read_entry(unpack_frame(path.read_bytes())[1]).record
            if isinstance(body, StartCampaign):
                return body.plan
    return None
