"""Nonsense for those who watch: a guard and supervision, through a real broker and through the guard's own door.

They run as in a laboratory, with a recorder and an empty machine. Afterwards both must still serve, every message must
be a blob that a ticket tells of, and the guard must have stopped: a stop request that cannot be read is a stop.
"""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from instruments.lab import read_laboratory
from lab_agents.assembly import run_agent, run_recorder
from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.benchmarks.fuzzed_messages import changed
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.blobs import DirectoryBlobs
from lab_agents.bus.broker import broker_command, choose_port, find_broker, wait_until_ready
from lab_agents.bus.mqtt import MqttBus
from lab_agents.children import Household
from lab_agents.guard import Guard
from lab_agents.guard_door import guard_status
from lab_agents.guard_process import attend
from lab_agents.local_sockets import connect_to
from lab_agents.messages.course import TicketOpened
from lab_agents.messages.frames import AgentStatus, GuardStatus, Permit, StopRequest
from lab_agents.messages.topics import Topics
from lab_agents.process_place import Place
from lab_agents.state_folder import StateFolder
from lab_agents.store.reader import StoreReader
from lab_agents.unread_stop import UNREAD

LAB = "fuzzed"
LAB_FILE = f"name: {LAB}\nagents:\n  supervision: {{role: supervision}}\ninstruments: {{}}\n"
PATIENCE = 300.0
"""Wall seconds in which all that was sent must have been dealt with: each message is synced to disk."""
GROUP = 200
"""Messages sent before their blobs are waited for: a broker keeps no endless queue for whoever listens."""
AT_DOOR = 0.1
"""Of all messages: what goes to the guard's door."""
AT = "2026-01-01T00:00:00Z"
SAMPLES: Mapping[str, tuple[type[BaseModel], bytes]] = {
    "agent_status": (AgentStatus, b'{"agent":"line","epoch":1,"position":1,"log":"0","waits":{"s":"why"}}'),
    "guard_status": (GuardStatus, b'{"machine":"main","epoch":1,"pid":1,"children":{"line":1},"lost":["line"]}'),
    "permit": (Permit, b'{"number":1,"granted":true}'),
    "stop": (StopRequest, f'{{"id":"stop-1","person":"ada","reason":"1","at":"{AT}"}}'.encode()),
}
"""What stands on a topic; changed until it can no longer be read."""
REQUESTS = (
    b'{"do":"status"}',
    b'{"do":"stop","id":"stop-1","person":"ada","reason":"1"}',
    b'{"do":"rearm","stop":"stop-1","person":"ada","reason":"1"}',
    b'{"do":"hold","child":"line","person":"ada","reason":"1"}',
    b'{"do":"release","child":"line"}',
)


@dataclass
class Watchers:
    """What became of the messages. `stops` are the ids in force afterwards."""

    n: int = 0
    sent: int = 0
    asked: int = 0
    kept: int = 0
    ended: int = 0
    serving: int = 0
    tickets: int = 0
    stops: tuple[str, ...] = ()


def watcher_rows(found: Watchers) -> list[Figure]:
    """The rows of guard and supervision."""
    n_unread = sum(stop.startswith(UNREAD) for stop in found.stops)
    return [
        Figure(
            figure=f"guard, supervision or recorder ended by {found.n} fuzzed messages",
            target="0",
            measured=found.ended,
            verdict=verdict(found.ended == 0 and found.serving == 2),
            note=f"{found.sent} through a broker, {found.asked} at the guard's door; {found.serving} of guard and "
            "supervision answered afterwards",
        ),
        Figure(
            figure="of those through the broker, kept as blobs",
            target=f"{found.sent}",
            measured=found.kept,
            verdict=verdict(found.kept == found.sent and found.tickets > 0),
            note=f"told of by {found.tickets} ticket(s)",
        ),
        Figure(
            figure="stops in force for all stop requests that could not be read",
            target="1",
            measured=n_unread,
            verdict=verdict(n_unread == 1),
            note=f"{len(found.stops) - n_unread} more by requests that could still be read",
        ),
    ]


async def watcher_figures(folder: Path, n: int, seed: int = 0) -> list[Figure]:
    """Send `n` messages to a guard and to supervision, and say what became of them."""
    found, draw = Watchers(n=n), random.Random(f"watchers {seed}")
    state = await asyncio.to_thread(StateFolder.create, folder, LAB, LAB_FILE.encode())
    async with _broker(state) as url, _machine(state, url) as running, MqttBus(url, "attacker") as bus:
        watch = StandingWatch(url, LAB, "watch")
        async with watch.bus:
            await watch.start()
            ready = await watch.until(lambda: bool(watch.guards) and watch.works("supervision", 0), PATIENCE)
            if ready is None:
                found.ended = sum(task.done() for task in running)
                return watcher_rows(found)
            while found.sent + found.asked < n:
                await _send_group(bus, state, draw, found)
            await _look(watch, state, found)
            found.ended = sum(task.done() for task in running)
    return watcher_rows(found)


async def _send_group(bus: MqttBus, state: StateFolder, draw: random.Random, found: Watchers) -> None:
    waiting: list[str] = []
    for _ in range(min(GROUP, found.n - found.sent - found.asked)):
        if draw.random() < AT_DOOR:
            found.asked += 1
            await _ask(state, changed(draw.choice(REQUESTS), draw))
            continue
        name, data = draw.choice(tuple(SAMPLES)), b""
        while not data or _is_record(SAMPLES[name][0], data):
            data = draw.randbytes(draw.randrange(200)) if draw.random() < 0.3 else changed(SAMPLES[name][1], draw)
        parts = {"agent_status": {"source": "nobody"}, "guard_status": {"machine": "nobody"}}.get(name, {})
        found.sent += 1
        waiting.append(hashlib.sha256(data).hexdigest())
        await bus.publish(Topics(LAB).build(name, **parts), data)
    blobs = DirectoryBlobs(state.blobs)
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await asyncio.to_thread(_count_kept, blobs, waiting) < len(waiting):  # noqa: ASYNC110 - a file system
                await asyncio.sleep(0.05)
    found.kept += await asyncio.to_thread(_count_kept, blobs, waiting)


def _count_kept(blobs: DirectoryBlobs, addresses: Sequence[str]) -> int:
    return sum(blobs.path(address).exists() for address in addresses)


def _is_record(record: type[BaseModel], data: bytes) -> bool:
    try:
        record.model_validate_json(data)
    except ValidationError:
        return False
    return True


async def _ask(state: StateFolder, data: bytes) -> None:
    """One connection to the guard's door: what is no line may be answered by hanging up."""
    reader, writer = await connect_to(state.guard("main") / "guard.sock")
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(5.0):
            writer.write(data.replace(b"\n", b" ") + b"\n")
            await writer.drain()
            await reader.readline()
    writer.close()


async def _look(watch: StandingWatch, state: StateFolder, found: Watchers) -> None:
    """Whether guard and supervision still serve, and what they say of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            status = (await guard_status(state, "main"))["status"]
            found.stops = tuple(stop["id"] for stop in status["stops"])
            found.serving += 1
            since = asyncio.get_running_loop().time()
            found.serving += await watch.until(lambda: watch.works_since("supervision", since), PATIENCE) is not None
            while not found.tickets:
                found.tickets = await asyncio.to_thread(_count_tickets, state)
                await asyncio.sleep(0.1)


def _count_tickets(state: StateFolder) -> int:
    with StoreReader(state.store) as store:
        bodies = [logged.entry.record for logged in store.entries(("TicketOpened",))]
    return sum(isinstance(body, TicketOpened) and body.ticket.subject == "bus" for body in bodies)


@asynccontextmanager
async def _broker(state: StateFolder) -> AsyncIterator[str]:
    command = await asyncio.to_thread(lambda: broker_command(find_broker(), state.path / "broker", choose_port()))
    broker = await asyncio.create_subprocess_exec(
        *command.command,
        env=command.environment or None,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await wait_until_ready(command.url)
        yield command.url
    finally:
        broker.kill()
        await broker.wait()


@asynccontextmanager
async def _machine(state: StateFolder, url: str) -> AsyncIterator[list[asyncio.Task[None]]]:
    """A recorder, supervision and a guard without children, each on its own connection."""
    laboratory = await asyncio.to_thread(read_laboratory, state.lab_file)
    household = Household(laboratory, "main", state, lambda role, name: [role, name], None, choose_port())

    def make() -> Guard:
        state.guard("main").mkdir(parents=True, exist_ok=True)
        return Guard(household, plans=())

    guard = await asyncio.to_thread(make)
    parts = {
        "recorder": run_recorder(Place("recorder", "recorder", 1, state, laboratory, url), None),
        "supervision": run_agent(Place("supervision", "supervision", 2, state, laboratory, url), None),
        "guard": attend(guard, MqttBus(url, "guard-main")),
    }
    running = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    try:
        yield running
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
