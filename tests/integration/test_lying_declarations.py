"""One liar for each word that a driver declares: the instruments' contract catches every one of them."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from instruments import drivers
from instruments.addresses import parse_address
from lab_agents.records.laboratory import Laboratory
from simulators.lab import SimulatedLab
from tests.contracts.declared import (
    FIRST,
    NEVER,
    begin,
    check_holds_token,
    check_in_flight,
    check_interruptible,
    check_repeatable,
    check_single_client,
    check_told,
)
from tests.instrument_stand import CutWire
from tests.integration.test_instrument_contract import OnStand
from tests.integration.test_thin_film_contract import FILM, ready
from tests.thin_film_stand import act, thin_film

PLATE = ("line_a", act("anneal"), act("anneal", temperature=181.0), frozenset({"temperature", "duration"}))
SPIN = ("line_a", act("spin"), act("spin", delay=60.5), frozenset({"speed", "duration", "delay"}))


@dataclass
class Claimed(OnStand):
    """An instrument of the stand that its lab file says to be of another `driver`, or behind a `wire` of its own."""

    driver: str = ""
    wire: CutWire | None = None
    port: int = 0
    world: list[SimulatedLab] = field(default_factory=list)

    @property
    def laboratory(self) -> Laboratory:
        """The lab file that claims it."""
        lab, name = self.stand.lab, self.act.instrument
        told = lab.instruments[name]
        if self.driver:
            told = told.model_copy(update={"driver": self.driver})
        if self.port:
            address = str(told.address).replace(f":{parse_address(told.address).port}", f":{self.port}")
            told = told.model_copy(update={"address": address})
        return lab.model_copy(update={"instruments": {**lab.instruments, name: told}})

    async def engine(self):
        """One more process that believes the lab file."""
        return await self.stand.engine(self.agent, lab=self.laboratory)


class Forgetful(Claimed):
    """Knows no token any more once its power was cut."""

    async def cut_power(self) -> None:
        """It comes back without its tokens."""
        await self.stand.simulated.close()

        async def nobody(**_: object) -> None:
            """The clock is moved by hand."""

        names = tuple(self.stand.lab.instruments)
        forgetful = thin_film(*names, forgotten_token_rate=1.0)
        self.stand.simulated = SimulatedLab(forgetful, None, self.stand.folder / "simulator", None, nobody)
        await self.stand.simulated.start()


class Late(Claimed):
    """What the second client sends arrives when nobody counts on it any more."""

    async def arrive(self) -> None:
        """It does."""
        await self.wire.deliver()
        await self.settle()


class OneClient(CutWire):
    """Hangs up on whoever is not the first."""

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writers:
            writer.close()
        else:
            await super()._join(reader, writer)


class SlowWire(CutWire):
    """Holds what its second client sends until it is delivered."""

    held: bytes = b""

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._writers:
            await super()._join(reader, writer)
            return
        self._writers.add(writer)
        self.held = await reader.read(4096)

    async def deliver(self) -> None:
        """Pass on what was held, and wait for the answer that nobody reads."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self.held)
        await reader.read(1)
        writer.close()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The lying drivers, installed as any package installs its own."""
    names = {
        "anneals_again": "ANNEALS_AGAIN",
        "stops_any_time": "STOPS_ANY_TIME",
        "done_in_any_case": "DONE_IN_ANY_CASE",
    }
    info = Path(tmp_path) / "site" / "liars-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: liars\nVersion: 1\n")
    points = "\n".join(f"{name} = tests.lying_drivers:{found}" for name, found in names.items())
    (info / "entry_points.txt").write_text(f"[{drivers.GROUP}]\n{points}\n")
    monkeypatch.syspath_prepend(info.parent)
    forget = drivers._registered.cache_clear  # noqa: SLF001 - a process reads once what is installed
    forget()
    yield
    drivers.load_driver.cache_clear()
    forget()


@asynccontextmanager
async def plate(folder, kind=Claimed, **claimed):
    """A hotplate with a film on it."""
    async with ready(folder, kind(None, *PLATE, **claimed), "plate_a_1", "hotplate_a_1") as opened:
        yield opened


@asynccontextmanager
async def behind(folder, wire_kind, kind=Claimed):
    """A hotplate behind a wire."""
    async with plate(folder, kind) as opened, AsyncExitStack() as stack:
        address = parse_address(opened.laboratory.instruments[opened.act.instrument].address)
        wire = wire_kind(address.port)
        port = await wire.start()
        stack.push_async_callback(wire.close)
        try:
            yield replace(opened, wire=wire, port=port)
        finally:
            for engine in opened.stand.engines:
                await engine.close()


async def test_who_forgets_tokens_in_a_power_cut_holds_none(tmp_path):
    async with plate(tmp_path, Forgetful) as liar:
        engine = await liar.engine()
        waiting = await begin(liar, engine)
        await liar.finish()
        await waiting
        with pytest.raises(AssertionError, match="before its power was cut it said"):
            await check_holds_token(liar, engine, FIRST)


async def test_who_makes_another_thing_of_it_may_not_repeat(tmp_path, installed):
    async with plate(tmp_path, driver="anneals_again") as liar:
        with pytest.raises(AssertionError, match="doing it again has changed"):
            await check_repeatable(liar, await liar.engine())


async def test_who_spoils_what_it_holds_may_not_be_interrupted(tmp_path, installed):
    async with ready(tmp_path, Claimed(None, *SPIN, driver="stops_any_time")) as liar:
        floor = liar.stand.simulated.floor
        await floor.start(*FILM[0])
        await liar.finish()
        with pytest.raises(AssertionError, match="halted has changed"):
            await check_interruptible(liar, await liar.engine())


async def test_who_hangs_up_on_others_takes_a_single_client(tmp_path):
    async with behind(tmp_path, OneClient) as liar:
        engine = await liar.engine()
        waiting = await begin(liar, engine)
        with pytest.raises(AssertionError, match="others who look on"):
            await check_single_client(liar, engine)
        await liar.finish()
        await waiting


async def test_what_arrives_later_than_declared_is_caught(tmp_path):
    async with behind(tmp_path, SlowWire, Late) as liar:
        with pytest.raises(AssertionError, match="said NEVER_SEEN and moved 1 times after all"):
            await check_in_flight(liar)


async def test_who_says_that_everything_is_done_is_caught(tmp_path, installed):
    async with plate(tmp_path, driver="done_in_any_case") as liar:
        with pytest.raises(AssertionError, match="it says DONE, and the world moved 0 times"):
            await check_told(liar, await liar.engine(), NEVER)
