"""How fast entries go through the log: one source, a recorder in its own process, a real broker, ten followers."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from instruments.lab import find_laboratory
from lab_agents.bus.broker import broker_command, choose_port, find_broker, wait_until_ready
from lab_agents.bus.mqtt import MqttBus
from lab_agents.journal import OutboxRow
from lab_agents.log import Cursor, LogLink, Submitter
from lab_agents.messages.entry import KINDS, Entry
from lab_agents.messages.life import TimerRang
from lab_agents.messages.topics import Topics
from lab_agents.state_folder import StateFolder, write_json

N_FOLLOWERS = 10
SOURCE = "planning"


@dataclass(frozen=True)
class LogSpeed:
    """Entries per wall second until the last follower had the last one; seconds of single round trips."""

    n_entries: int
    rate: float
    round_trips: tuple[float, ...]


async def measure_log(folder: Path, n_entries: int = 2000, n_round_trips: int = 300) -> LogSpeed:
    """Start broker and recorder in `folder`, submit, follow, and end both.

    Args:
        folder: A fresh folder; it becomes a state folder.
        n_entries: Submitted as fast as they go.
        n_round_trips: Submitted one at a time before that.
    """
    url, command = await asyncio.to_thread(_prepare, folder)
    async with AsyncExitStack() as ended:
        broker = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        ended.push_async_callback(_end, broker)
        await wait_until_ready(url)
        recorder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lab_agents.starting", "recorder", "recorder"),
            *("--state", str(folder), "--epoch", "1"),
        )
        ended.push_async_callback(_end, recorder)
        return await _Trial(url, ended, n_entries, n_round_trips).run()


def _prepare(folder: Path) -> tuple[str, list[str]]:
    """A state folder, and the command of its broker."""
    lab = find_laboratory("opv_replay", Path.cwd())
    state = StateFolder.create(folder, "opv_replay", lab.read_bytes())
    port = choose_port()
    url = f"mqtt://127.0.0.1:{port}"
    write_json(state.runtime, {"broker": url})
    return url, list(broker_command(find_broker(), state.broker, port).command)


class _Trial:
    def __init__(self, url: str, ended: AsyncExitStack, n_entries: int, n_round_trips: int) -> None:
        self._url, self._ended = url, ended
        self._n_entries, self._n_round_trips = n_entries, n_round_trips
        self._topics = Topics("opv_replay")
        self._rows: list[OutboxRow] = []
        self._handled = 0

    async def run(self) -> LogSpeed:
        followers = [await self._follower(f"follower-{number}") for number in range(N_FOLLOWERS)]
        own = await self._follower(SOURCE)
        await own.birth(0, 0)
        submitter = Submitter(own, self._bus, self._topics, self._outbox)
        own.on_answer = submitter.hear
        sending = asyncio.create_task(submitter.run())
        trips = [await self._round_trip(own, submitter) for _ in range(self._n_round_trips)]
        for link in followers:
            await _skip(link, 1 + self._n_round_trips)
        begun = time.monotonic()
        self._rows += [self._row(self._n_round_trips + number) for number in range(1, self._n_entries + 1)]
        submitter.wake()
        await asyncio.gather(self._handle_all(own, submitter), *(_skip(link, self._n_entries) for link in followers))
        rate = self._n_entries / (time.monotonic() - begun)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return LogSpeed(self._n_entries, rate, tuple(trips))

    async def _follower(self, name: str) -> LogLink:
        self._bus = await self._ended.enter_async_context(MqttBus(self._url, f"benchmark-{name}"))
        link = LogLink(self._bus, self._topics, name, 1)
        await link.start(Cursor())
        return link

    async def _round_trip(self, own: LogLink, submitter: Submitter) -> float:
        begun = time.monotonic()
        self._rows.append(self._row(self._handled + 1))
        submitter.wake()
        await self._handle_next(own)
        return time.monotonic() - begun

    async def _handle_all(self, own: LogLink, submitter: Submitter) -> None:
        for _ in range(self._n_entries):
            await self._handle_next(own)
            submitter.wake()

    async def _handle_next(self, own: LogLink) -> None:
        """Take entries until the next of our own came back."""
        while (await own.next()).seal.source != SOURCE:
            continue
        self._handled += 1
        self._rows.pop(0)

    async def _outbox(self) -> list[OutboxRow]:
        return self._rows[:64]

    def _row(self, sequence: int) -> OutboxRow:
        entry = Entry(
            id=f"{SOURCE}/timer/benchmark/{sequence}",
            kind="TimerRang",
            schema_version=KINDS["TimerRang"].version,
            at=datetime.now(UTC),
            subject="benchmark",
            record=TimerRang(purpose="benchmark", due=None),
        )
        return OutboxRow(sequence, entry.to_bytes())


async def _skip(link: LogLink, count: int) -> None:
    for _ in range(count):
        await link.next()


async def _end(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()
