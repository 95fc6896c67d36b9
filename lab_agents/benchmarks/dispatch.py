"""How soon steps start, and how many in a second: fifty simulated instruments that are driven as hard as they go.

The guard, the broker, the recorder, supervision, the service and the agents of the instruments are the processes of
every laboratory, and the instruments are asked over their real protocols. Only who bids is a stand-in: it requests one
reservation after the other for each instrument, each with a recipe of short exposures. The simulated laboratory's clock
is that of the wall, as in a laboratory that is not simulated: a clock that ran a hundred times as fast would make every
tenth of a second that a busy machine is late look like a stall, and load it with tickets that no real laboratory has.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from instruments.lab import read_laboratory
from lab_agents.benchmarks.stop import KINDS, PER_AGENT, STAND_IN, Kind, generate_laboratory
from lab_agents.bus.mqtt import MqttBus
from lab_agents.bus.protocol import Bus
from lab_agents.errors import SilentGuardError
from lab_agents.guard_client import shutdown, start_guard
from lab_agents.guard_door import guard_status
from lab_agents.hearing import hear_laboratory
from lab_agents.journal import OutboxRow
from lab_agents.log import Cursor, LogLink, Submitter
from lab_agents.messages.entry import KINDS as ENTRY_KINDS
from lab_agents.messages.entry import Body, Entry
from lab_agents.messages.frames import Logged, Tick, read_logged
from lab_agents.messages.topics import Topics
from lab_agents.messages.work import (
    ReservationReleased,
    ReservationRequested,
    TaskDone,
    TaskFailed,
    TaskStarted,
)
from lab_agents.processes import identity, kill_and_wait
from lab_agents.records.recipe import Act, Recipe, Step
from lab_agents.state_folder import StateFolder, lock_holder, read_json
from lab_agents.store.reader import StoreReader

HOLDER, SERVICE, SAMPLE = "holder", "service_carrier_1", "blank_"
N_INSTRUMENTS = 50
N_STEPS = 6
"""Exposures of one reservation: as many steps as it takes to make a film."""
EXPOSURE = 0.5
"""Seconds of one exposure."""
LAMP = Kind(
    "lamp",
    "scpi_lamp",
    "scpi://{at}?slot={number}",
    N_INSTRUMENTS,
    0,
    {"signal": "OUTP", "value": 0.0, "read_back": "OUTP", "expected": 0.0},
    {"suns": (0.1, 1.5, "1"), "duration": (EXPOSURE, 7200.0, "s")},
)
"""Of all instruments the one whose program may be short."""
WARMING = 3.0
"""Wall seconds before the first trial: whatever is done for the first time takes longer."""
READY_WITHIN = 120.0
"""Wall seconds in which every process must run and every agent be born."""

LOADING = """\
import asyncio, logging, sys
from pathlib import Path
from instruments.lab import read_laboratory
from lab_agents.children import assembly
from lab_agents.guard_process import guard_machine
from lab_agents.state_folder import StateFolder, locked
logging.basicConfig(level=logging.WARNING)
folder = StateFolder.open(Path(sys.argv[1]))
real = assembly(folder)
def program(role, name):
    stand_in = {"simulator": sys.argv[3], "holder": sys.argv[2]}.get(name)
    return real(role, name) if stand_in is None else [sys.executable, "-c", stand_in, str(folder.path)]
with locked(folder.guard("main") / "lock", within=2.0):
    asyncio.run(guard_machine(folder, read_laboratory(folder.lab_file), "main", program))
"""
FREE_CLOCK = """\
import sys
from pathlib import Path
from lab_agents.benchmarks.dispatch import simulate_freely
simulate_freely(Path(sys.argv[1]))
"""


@dataclass(frozen=True)
class Dispatch:
    """Steps that were started while so many instruments were kept busy.

    Attributes:
        n_busy: How many instruments.
        starts: Wall times at which an instrument began a step's act, in order.
        delays: Wall seconds from the entry that made a step ready (the end of the step before, or the grant) to that.
        n_failed: Steps that failed.
        seconds: Processor seconds of each process meanwhile.
    """

    n_busy: int
    starts: Sequence[datetime]
    delays: Sequence[float]
    n_failed: int
    seconds: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Starts per wall second from the first to the last."""
        span = (self.starts[-1] - self.starts[0]).total_seconds() if len(self.starts) > 1 else 0.0
        return (len(self.starts) - 1) / span if span > 0 else 0.0


def generate_load() -> dict[str, Any]:
    """A lab file with fifty slots of lamps, a blank in each, and who bids for them."""
    carriers = [replace(kind, reachable=1, unreachable=0) for kind in KINDS if kind.name == "carrier"]
    lab = generate_laboratory((), [*carriers, LAMP])
    blanks = [{"name": f"blank_{i}", "kind": "blank", "place": f"at_lamp_{i}"} for i in range(1, N_INSTRUMENTS + 1)]
    return {**lab, "name": "load", "agents": {**lab["agents"], HOLDER: {"role": "synthesis"}}, "standards": blanks}


def simulate_freely(state: Path) -> None:
    """Run a simulated laboratory whose clock is that of the wall, until it is ended."""
    from simulators.held_clock import Unattended
    from simulators.lab import SimulatedLab

    folder = StateFolder.open(state)
    laboratory = read_laboratory(folder.lab_file)
    topics = Topics(laboratory.name)

    async def run() -> None:
        async with MqttBus(str(read_json(folder.runtime)["broker"]), "simulator") as bus:

            async def publish(*, now: datetime, number: int, speed: float | None, held_by: str) -> None:
                tick = Tick(now=now, number=number, speed=speed, held_by=held_by)
                await bus.publish(topics.build("clock"), tick.model_dump_json().encode(), retain=True)

            await SimulatedLab(laboratory, None, folder.simulator, Unattended(), publish, free_rate=1.0).run()

    asyncio.run(run())


async def measure_dispatch(
    folder: Path, seconds: float, busy: Sequence[int], progress: Callable[[int, int], None]
) -> list[Dispatch]:
    """Start a laboratory in `folder`, keep instruments busy, and end it.

    Args:
        folder: A fresh folder; it becomes a state folder.
        seconds: Wall seconds of each trial.
        busy: How many instruments are kept busy in each trial.
        progress: Told trials done and planned.
    """
    state = await asyncio.to_thread(StateFolder.create, folder, "load", yaml.safe_dump(generate_load()).encode())
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    await start_guard(state, "main", command=[sys.executable, "-c", LOADING, str(state.path), STAND_IN, FREE_CLOCK])
    try:
        pids = await _until_ready(state)
        measured = []
        async with MqttBus(str(read_json(state.runtime)["broker"]), "load-holder") as bus:
            holder = Holder(bus, Topics("load"))
            await holder.begin()
            await holder.keep_busy(N_INSTRUMENTS, WARMING)
            for number, n_busy in enumerate(busy, start=1):
                measured.append(await _try(state, holder, pids, n_busy, seconds))
                progress(number, len(busy))
            await holder.end()
        return measured
    finally:
        await shutdown(state, "main", mode="now")
        # The simulated instruments outlive their guard.
        pid = lock_holder(state.simulator / "lock") or 0
        name = identity(pid)
        if name is not None:
            await kill_and_wait(pid, name)


async def _try(state: StateFolder, holder: "Holder", pids: Mapping[str, int], n_busy: int, seconds: float) -> Dispatch:
    begun, failed = datetime.now(UTC), holder.n_failed
    weighing = asyncio.create_task(_weigh(pids, seconds))
    await holder.keep_busy(n_busy, seconds)
    starts, delays = await asyncio.to_thread(read_starts, state, begun, begun + timedelta(seconds=seconds))
    return Dispatch(n_busy, starts, delays, holder.n_failed - failed, await weighing)


async def _weigh(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    before = processor_seconds(pids)
    await asyncio.sleep(seconds)
    return {name: value - before[name] for name, value in processor_seconds(pids).items()}


class Holder:
    """Who bids: holds one reservation for each busy instrument, and requests the next one when its last step is done.

    Attributes:
        n_failed: Steps that failed.
    """

    def __init__(self, bus: Bus, topics: Topics) -> None:
        self.n_failed = 0
        self._rows: list[OutboxRow] = []
        self._sequence = self._round = 0
        self._link = LogLink(bus, topics, HOLDER, 1)
        self._submitter = Submitter(self._link, bus, topics, self._outbox)
        self._sending: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Be born, and follow the log up to its head."""
        await self._link.start(Cursor())
        answer = await self._link.birth(0, 0)
        self._link.on_answer = self._submitter.hear
        self._sending = asyncio.create_task(self._submitter.run())
        while (await self._link.next_of(_wants)).position < answer.head:
            continue

    async def end(self) -> None:
        """Send no more."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def keep_busy(self, n_busy: int, seconds: float) -> None:
        """Keep so many instruments busy for so many wall seconds, and return when their last step is done."""
        until = time.monotonic() + seconds
        for number in range(1, n_busy + 1):
            self._request(number)
        self._submitter.wake()
        n_open = n_busy
        while n_open:
            logged = await self._link.next_of(_wants)
            if logged.seal.source == HOLDER:
                self._rows = [row for row in self._rows if row.sequence > logged.seal.sequence]
            if isinstance(logged, Logged) and isinstance(logged.entry.record, TaskDone | TaskFailed):
                n_open -= self._follow(logged.entry.record, is_last=time.monotonic() > until)
                self._submitter.wake()

    def _follow(self, body: TaskDone | TaskFailed, *, is_last: bool) -> bool:
        """Release what has ended, and request the next; whether that was the instrument's last reservation."""
        has_failed = isinstance(body, TaskFailed)
        self.n_failed += has_failed
        if not has_failed and body.step < N_STEPS - 1:
            return False
        self._say(f"release/{body.work}", ReservationReleased(work=body.work, places=()), body.work)
        if not is_last:
            self._request(int(body.sample.removeprefix(SAMPLE)))
        return is_last

    def _request(self, number: int) -> None:
        self._round += 1
        work = f"load-{self._round}"
        exposing = Act(instrument=f"lamp_{number}", plan="illuminate", arguments={"suns": 1.0, "duration": EXPOSURE})
        owner = f"lamps_{(number - 1) // PER_AGENT + 1}"
        steps = tuple(Step(name=f"expose_{i}", owner=owner, acts=(exposing,)) for i in range(N_STEPS))
        recipe = Recipe(steps=steps)
        body = ReservationRequested(work=work, sample=f"{SAMPLE}{number}", service=SERVICE, needs=(), recipe=recipe)
        self._say(f"request/{work}", body, work)

    def _say(self, name: str, body: Body, subject: str) -> None:
        self._sequence += 1
        kind = type(body).__name__
        entry = Entry(
            id=f"{HOLDER}/{name}",
            kind=kind,
            schema_version=ENTRY_KINDS[kind].version,
            at=datetime(2026, 1, 1, tzinfo=UTC),
            subject=subject,
            record=body,
        )
        self._rows.append(OutboxRow(self._sequence, entry.to_bytes()))

    async def _outbox(self) -> Sequence[OutboxRow]:
        return self._rows[:64]


def _wants(_source: str, kind: str) -> bool:
    return kind in ("TaskDone", "TaskFailed")


def read_starts(folder: StateFolder, begun: datetime, ended: datetime) -> tuple[list[datetime], list[float]]:
    """Steps that instruments began between two wall times, by their ledger, and what the log says they waited."""
    ledger = [json.loads(line) for line in (folder.simulator / "ledger.jsonl").read_text().splitlines()]
    began = {line["token"]: datetime.fromisoformat(line["wall"]) for line in ledger if line["token"]}
    recorded: dict[int, datetime] = {}
    found = []
    with StoreReader(folder.store) as reader:
        for seal, payload in reader.sealed():
            recorded[seal.position] = seal.recorded_at
            entry = read_logged(seal, payload).entry
            if isinstance(entry.record, TaskStarted) and entry.cause is not None:
                at = began.get(entry.record.task.token(0))
                if at is not None and begun < at < ended:
                    found.append((at, (at - recorded[entry.cause]).total_seconds()))
    found.sort()
    return [at for at, _ in found], [delay for _, delay in found]


async def _until_ready(folder: StateFolder) -> dict[str, int]:
    """The processes by name, once all of them run and every agent is born."""
    agents = frozenset(read_laboratory(folder.lab_file).agents) - {HOLDER}
    async with asyncio.timeout(READY_WITHIN):
        while True:
            # A guard that starts fifteen processes on a busy machine may be slow to answer.
            with suppress(SilentGuardError):
                status = await guard_status(folder, "main")
                running = {name: int(pid) for name, pid in status["status"]["children"].items()}
                if running.keys() == status["roles"].keys() and await _are_born(folder, agents):
                    return {**running, "guard": int(read_json(folder.runtime)["guard"])}
            await asyncio.sleep(0.5)


async def _are_born(folder: StateFolder, agents: Collection[str]) -> bool:
    heard = await hear_laboratory(str(read_json(folder.runtime)["broker"]), Topics("load"), agents)
    return heard.agents.keys() >= set(agents) and not any("birth" in status.owed for status in heard.agents.values())


def processor_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds that processes have used so far, by name, and this one's own."""
    tick = os.sysconf("SC_CLK_TCK")
    found = {"benchmark": time.process_time()}
    for name, pid in pids.items():
        # Fields 14 and 15 of proc(5), counted after the name, which may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) / tick
    return found
