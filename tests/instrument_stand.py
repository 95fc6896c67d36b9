"""A stand for instruments: the simulated laboratory's servers, engines that drive them, and a wire that can be cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

from instruments.addresses import parse_address
from instruments.engine import Engine, EngineSetup
from instruments.lab import resolve_addresses
from instruments.transports.ca_search import search_at
from lab_agents.blobs import DirectoryBlobs
from lab_agents.clock import FollowedClock
from lab_agents.listening import end_listening
from lab_agents.records.laboratory import Laboratory
from lab_agents.records.recipe import Act
from lab_agents.settings import Settings
from simulators.lab import SimulatedLab
from simulators.ledger import LedgerLine
from simulators.servers.ports import free_port
from tests.simulated_world import START, TABLE, laboratory, ledger_of

PATIENT = 30.0
"""Seconds (wall) within which an instrument of a test answers: no pause of a busy machine lasts so long. A test that
makes an instrument fall silent gives its own shorter limit."""
SETTINGS = Settings(request=PATIENT)

CHANNEL_ACCESS = f"ca://127.0.0.1:{free_port(datagrams=True)}/LABB:DISP:"
"""One address for the Channel Access servers of all tests in this process: its client library reads it once."""

search_at(parse_address(CHANNEL_ACCESS))


def declared(*names: str) -> Laboratory:
    """The shipped laboratory with only the instruments `names` (all if none is named): fewer servers to start."""
    lab = laboratory()
    instruments = {}
    for name in names or tuple(lab.instruments):
        instrument = lab.instruments[name]
        address = CHANNEL_ACCESS if name == "dispenser_b" else instrument.address
        instruments[name] = instrument.model_copy(update={"address": address})
    agents = {
        name: agent.model_copy(update={"instruments": tuple(i for i in agent.instruments if i in instruments)})
        for name, agent in lab.agents.items()
    }
    return lab.model_copy(update={"instruments": instruments, "agents": agents})


@dataclass
class KeptIntents:
    """Intents in memory, in the order in which they were written."""

    written: list[tuple[str, str, str]] = field(default_factory=list)

    async def intend(self, token: str, what: str) -> None:
        """Keep it."""
        self.written.append(("intend", token, what))

    async def outcome(self, token: str, what: str) -> None:
        """Keep it."""
        self.written.append(("outcome", token, what))

    def of(self, token: str) -> list[str]:
        """What was written of one token: `intend` and outcomes."""
        return [kind if kind == "intend" else what for kind, of, what in self.written if of == token]


class Stand:
    """A running laboratory. `jumps` says whether its clock jumps when every motion waits."""

    def __init__(self, folder: Path, lab: Laboratory, simulated: SimulatedLab) -> None:
        self.folder, self.lab, self.simulated = folder, lab, simulated
        self.clock = FollowedClock(START)
        self.intents = KeptIntents()
        self.blobs = DirectoryBlobs(folder / "blobs")
        self.jumps = True
        self.engines: list[Engine] = []
        self._jumping: set[asyncio.Task[None]] = set()

    def make_engine(
        self, agent: str, epoch: int = 1, lab: Laboratory | None = None, settings: Settings = SETTINGS
    ) -> Engine:
        """An engine that is not connected yet; closed with the stand."""
        documents = self.folder / "documents" / agent
        setup = EngineSetup(lab or self.lab, agent, epoch, documents, settings)
        engine = Engine(setup, self.intents, self.clock, self.blobs)
        engine.on_change(lambda: self._look(engine))
        self.engines.append(engine)
        return engine

    async def engine(
        self, agent: str, epoch: int = 1, lab: Laboratory | None = None, settings: Settings = SETTINGS
    ) -> Engine:
        """A connected engine."""
        engine = self.make_engine(agent, epoch, lab, settings)
        await engine.connect()
        return engine

    async def finish(self) -> None:
        """Let laboratory time pass until every running program has ended."""
        self.clock.set(self.clock.now() + timedelta(hours=2))
        await self.simulated.floor.advance(self.clock.now())

    async def executed(self, token: str) -> int:
        """How often the world moved for `token`; a line that says that it was halted is no other movement."""
        return sum(line.token == token and line.action != "halt" for line in await self.ledger())

    async def ledger(self) -> tuple[LedgerLine, ...]:
        """What moved."""
        return await ledger_of(self.folder / "simulator")

    async def has_started(self, token: str) -> None:
        """Return once the world has moved for `token`, and its instrument knows: the ledger is written first."""
        instruments = self.simulated.floor.instruments.values()
        async with asyncio.timeout(PATIENT):
            while not await self.executed(token) or all(one.ask(token) is None for one in instruments):
                await asyncio.sleep(0.01)

    async def cut_power(self) -> None:
        """Switch everything off and on again; the servers come back where they listened."""
        await self.simulated.close()
        await self.simulated.start()

    async def close(self) -> None:
        """Close every engine, then the laboratory."""
        for engine in self.engines:
            await engine.close()
        if self._jumping:
            await asyncio.wait(self._jumping)
        await self.simulated.close()

    def _look(self, engine: Engine) -> None:
        motions = engine.motions()
        if self.jumps and any(motion.waits for motion in motions):
            jump = asyncio.ensure_future(self.finish())
            self._jumping.add(jump)
            jump.add_done_callback(self._jumping.discard)


@asynccontextmanager
async def open_stand(folder: Path, *names: str) -> AsyncIterator[Stand]:
    """The shipped laboratory, or only the instruments `names` of it, with its servers listening; closed at the end."""

    async def nobody(**_: object) -> None:
        """The clock is moved by hand."""

    lab = declared(*names)
    simulated = SimulatedLab(lab, TABLE, folder / "simulator", None, nobody)
    await simulated.start()
    stand = Stand(folder, resolve_addresses(lab, simulated.addresses), simulated)
    try:
        yield stand
    finally:
        await stand.close()


def new_vial(instrument: str = "dispenser_a") -> Act:
    """Take a new vial."""
    return Act(instrument=instrument, plan="new_vial")


def dose(volume: float = 20.0, channel: int = 1, instrument: str = "dispenser_a") -> Act:
    """Add a volume to the vial."""
    return Act(instrument=instrument, plan="dose", arguments={"channel": channel, "volume": volume})


def coat(instrument: str = "coater_a", speed: float = 1500.0) -> Act:
    """Spin the vial's ink."""
    return Act(instrument=instrument, plan="coat", arguments={"speed": speed, "duration": 45.0})


def transfer(source: str, target: str) -> Act:
    """Carry a film."""
    return Act(instrument="robot", plan="transfer", arguments={"source": source, "target": target})


def soak(exposure: float = 3600.0) -> Act:
    """Measure the film on the tester's stage."""
    return Act(instrument="tester", plan="soak", arguments={"exposure": exposure})


def open_gate() -> None:
    """Everything may start."""


ABOUT = {"task": "make-c-0001/0", "sample": "c-0001"}


class CutWire:
    """A TCP proxy that can swallow answers: what was sent arrives, and nobody hears of it.

    Attributes:
        swallows: While true, answers are dropped.
        forwarded: Bytes of requests that were passed on.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.swallows = False
        self.forwarded = b""

    @property
    def n_connections(self) -> int:
        """How many clients are put through."""
        return len(self._pumps) // 2

    async def start(self) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._let_in, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Hang up everywhere."""
        if self._server is not None:
            await end_listening(self._server)
        for joining in tuple(self._joining):
            joining.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)
        self.hang_up()
        if self._pumps:
            await asyncio.wait(self._pumps)

    def hang_up(self) -> None:
        """Cut every connection now."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        joining = cast("asyncio.Task[None]", asyncio.current_task())
        self._joining.add(joining)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            # Nobody is there to be put through to, or this wire is closed meanwhile.
            writer.close()
        finally:
            self._joining.discard(joining)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, there[1]}
        for source, sink, is_answer in ((reader, there[1], False), (there[0], writer, True)):
            pump = asyncio.ensure_future(self._pump(source, sink, is_answer))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_answer: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(4096):
                if is_answer and self.swallows:
                    continue
                if not is_answer:
                    self.forwarded += data
                sink.write(data)
                await sink.drain()
        sink.close()
