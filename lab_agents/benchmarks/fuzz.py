"""`lab-agents benchmark fuzz`: nonsense as set-points, and nonsense as messages.

Set-points are given to each layer as if the ones before it had let them pass: to the record that a recipe is made of,
to the check of the agent before it bids and before it moves, and to the instrument's own driver just before its write.
The simulated instruments listen on their real protocols; a good program that is sent last shows that the way was open.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from instruments.addresses import parse_address
from instruments.devices.device import DeviceSetup, ProgramDevice
from instruments.drivers import load_driver, load_object
from instruments.errors import InstrumentError, InterlockError, MotionRefusedError
from instruments.interlocks import check_act
from instruments.lab import find_laboratory, read_laboratory, resolve_addresses
from instruments.programs import Program
from lab_agents.agents.limits import find_breach
from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.benchmarks.fuzzed_messages import message_figures
from lab_agents.benchmarks.fuzzed_watchers import watcher_figures
from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory
from lab_agents.records.recipe import Act, token_of
from lab_agents.settings import DEFAULT
from simulators.held_clock import Rest
from simulators.lab import SimulatedLab

N = 10_000
"""Set-points, and messages, of each seed."""

USUAL: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "hotplate_a_1": ("anneal", {"temperature": 110.0, "duration": 600.0}),
    "spin_a": ("spin", {"speed": 4000.0, "duration": 40.0, "delay": 15.0}),
    "xrd": ("scan", {"start": 8.0, "stop": 45.0, "step": 0.02, "time_per_step": 0.5}),
    "uvvis": ("spectrum", {"averages": 16.0}),
    "lamp_1": ("illuminate", {"suns": 1.0, "duration": 1800.0}),
    "probe": ("sweep", {"current": 0.005, "points": 10.0}),
}
"""A usual program of instruments on Modbus, Channel Access and SCPI."""
CARRIER = ("robot", "transfer", ("source", "target"))
"""The instrument on OPC UA takes no quantity; its places are fuzzed."""

UNITS: Mapping[str, tuple[float, ...]] = {
    "temperature": (383.15, 230.0),
    "duration": (600_000.0, 1.0e-3),
    "speed": (66.7, 240_000.0),
    "delay": (15_000.0, 0.25),
    "start": (0.14, 0.8),
    "stop": (0.785, 4.5),
    "step": (3.5e-4, 72.0),
    "time_per_step": (500.0, 8.3e-3),
    "averages": (0.016, 16_000.0),
    "suns": (1000.0, 1.0e-3),
    "current": (10.0, 5.0e-12),
    "points": (1000.0, 0.01),
}
"""What the usual values become in another unit (K and °F, ms and h, rad, W/m²): all outside the limits."""

Value = float | int | str | bool | None


@dataclass(frozen=True)
class SetPoints:
    """One command with one set-point that must not pass."""

    instrument: str
    plan: str
    arguments: Mapping[str, Any]


@dataclass
class Refused:
    """How many of `n` each layer refused, how many starts the instruments' ledger holds, how many good ones arrived."""

    n: int = 0
    record: int = 0
    bid: int = 0
    agent: int = 0
    transport: int = 0
    moved: int = 0
    n_open: int = 0
    answered: int = 0


def benchmark_fuzz(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """The rows of set-points, of messages to the log, and of messages to guard and supervision.

    Args:
        seeds: How many times ten thousand of each.
        table: Not used.
        progress: Told set-points tried and planned.
    """
    del table
    with tempfile.TemporaryDirectory(prefix="lab-agents-fuzz-") as name:
        refused = asyncio.run(_try_set_points(Path(name) / "lab", seeds * N, progress))
        rows = asyncio.run(message_figures(Path(name) / "log", seeds * N))
        watched = asyncio.run(watcher_figures(Path(name) / "watched", seeds * N))
    return [*set_point_figures(refused), *rows, *watched]


def set_point_figures(refused: Refused) -> list[Figure]:
    """The rows of the set-points."""
    n = refused.n
    kinds = "NaN, infinities, minus zero, 1e308, wrong units, booleans, texts, nothing, a ramp that no instrument takes"
    return [
        Figure(
            figure=f"fuzzed set-points of {n} that reached an instrument",
            target="0",
            measured=refused.moved,
            verdict=verdict(refused.moved == 0 and refused.answered == refused.n_open > 0),
            note=f"{kinds}; {refused.answered} of {refused.n_open} good programs sent last did reach theirs",
        ),
        Figure(
            figure="of these refused by the record that a planner's recipe is made of",
            target="printed",
            measured=refused.record,
            verdict="passed",
            note="what is no finite number; what is too large is for the limits to say",
        ),
        Figure(
            figure="of these refused by the agent: before a bid, and before the first motion",
            target=f"{n}",
            measured=refused.agent,
            verdict=verdict(refused.agent == n),
            note=f"{refused.bid} before a bid, where only quantities of the lab file are looked at",
        ),
        Figure(
            figure="of these refused by the transport, just before the write",
            target=f"{n}",
            measured=refused.transport,
            verdict=verdict(refused.transport == n),
        ),
    ]


def fuzzed_set_points(seed: int) -> Iterator[SetPoints]:
    """Commands without end, each with one set-point that must not pass; equal for equal seeds."""
    draw = random.Random(f"set-points {seed}")
    while True:
        if draw.random() < 0.1:
            instrument, plan, places = CARRIER
            wrong = draw.choice(places)
            bad = draw.choice((True, False, 0, -0.0, float("nan"), "", "nowhere", "rack_999", 1e308, None))
            yield SetPoints(instrument, plan, {**dict.fromkeys(places, "rack_1"), wrong: bad})
            continue
        instrument = draw.choice(tuple(USUAL))
        plan, usual = USUAL[instrument]
        if draw.random() < 0.05:
            yield SetPoints(instrument, plan, {**usual, "ramp": draw.choice((1e6, 0.5, 10.0))})
            continue
        name = draw.choice(tuple(usual))
        yield SetPoints(instrument, plan, {**usual, name: _bad(name, usual[name], draw)})


def _bad(name: str, usual: float, draw: random.Random) -> Value:
    inf = float("inf")
    return draw.choice(
        (
            float("nan"), -float("nan"), inf, -inf, -0.0, 1e308, -1e308, 10**400, -usual, True, False, None,
            f"{usual}", f"{usual} kPa", "", "nan", "1e308", *UNITS[name],
            draw.uniform(1e6, 1e300), -draw.uniform(1e-9, 1e9),
        )
    )  # fmt: skip


async def _try_set_points(folder: Path, n: int, progress: Callable[[int, int], None]) -> Refused:
    async with _stand(folder) as (laboratory, devices):
        refused = Refused(n=n)
        for number, given in zip(range(n), fuzzed_set_points(n), strict=False):
            _count_pure(laboratory, given, refused)
            token = token_of(f"fuzz-{number}", 0)
            program = Program(token, 1, given.plan, dict(given.arguments))
            refused.transport += await _refuses(devices[given.instrument].runner.run(program))
            if number % 500 == 0:
                progress(number, n)
        refused.moved = await asyncio.to_thread(_count_moved, folder)
        for number, (name, (plan, usual)) in enumerate(USUAL.items()):
            refused.n_open += 1
            refused.answered += await _arrives(devices[name], Program(token_of(f"good-{number}", 0), 1, plan, usual))
        progress(n, n)
        return refused


def _count_pure(laboratory: Laboratory, given: SetPoints, refused: Refused) -> None:
    try:
        Act.model_validate({"instrument": given.instrument, "plan": given.plan, "arguments": dict(given.arguments)})
    except ValidationError:
        refused.record += 1
    # As if the record had let it pass.
    act = Act.model_construct(
        instrument=given.instrument, plan=given.plan, arguments=dict(given.arguments), at=None, places={}
    )
    refused.bid += find_breach(laboratory, (act,)) is not None
    try:
        check_act(laboratory, act)
    except InterlockError:
        refused.agent += 1


async def _refuses(run: Awaitable[object]) -> bool:
    """Whether our own side refused, before anything was written."""
    try:
        await run
    except InterlockError:
        return True
    except InstrumentError:
        return False
    return False


async def _arrives(device: ProgramDevice, program: Program) -> bool:
    """Whether the instrument itself answered the start: it refuses, because no sample lies on it."""
    try:
        async with asyncio.timeout(10 * DEFAULT.request):
            await device.runner.run(program)
    except InterlockError:
        return False
    except MotionRefusedError:
        return True
    return True


@asynccontextmanager
async def _stand(folder: Path) -> AsyncIterator[tuple[Laboratory, Mapping[str, ProgramDevice]]]:
    """The thin-film laboratory's instruments with their servers listening, and the devices that drive them."""
    laboratory = _declared()
    simulated = SimulatedLab(laboratory, None, folder / "simulator", _Never(), _tell_nobody)
    await asyncio.to_thread(folder.mkdir)
    await simulated.start()
    devices: dict[str, ProgramDevice] = {}
    try:
        laboratory = resolve_addresses(laboratory, simulated.addresses)
        for name, declaration in laboratory.instruments.items():
            devices[name] = await asyncio.to_thread(_make_device, name, declaration)
            await devices[name].connect_wire()
        yield laboratory, devices
    finally:
        for device in devices.values():
            await device.disconnect()
        await simulated.close()


def _declared() -> Laboratory:
    """The laboratory with the fuzzed instruments, and those that others need in order to be simulated."""
    laboratory = read_laboratory(find_laboratory("thin_film", Path()))
    names = {*USUAL, CARRIER[0], "handler"}
    agents = {
        name: agent.model_copy(update={"instruments": tuple(i for i in agent.instruments if i in names)})
        for name, agent in laboratory.agents.items()
    }
    instruments = {name: declared for name, declared in laboratory.instruments.items() if name in names}
    return laboratory.model_copy(update={"agents": agents, "instruments": instruments})


def _make_device(name: str, declaration: InstrumentDeclaration) -> ProgramDevice:
    driver = load_driver(declaration.driver)
    if driver.prepare is not None:
        driver.prepare(parse_address(declaration.address))
    device: ProgramDevice = load_object(driver.device)(DeviceSetup(name, declaration, driver, DEFAULT))
    return device


def _count_moved(folder: Path) -> int:
    """Acts of programs in the ledger of the simulated laboratory."""
    lines = (folder / "simulator" / "ledger.jsonl").read_text().splitlines()
    return sum(bool(json.loads(line)["token"]) for line in lines)


class _Never:
    """Never at rest: the clock is not run, because nothing that is tried here may need it."""

    def verdict(self, finished: Collection[str], running: Collection[str]) -> Rest:
        return Rest(at_rest=False)

    async def changed(self) -> None:
        await asyncio.Event().wait()


async def _tell_nobody(**_: object) -> None:
    """Nobody listens to the clock."""
