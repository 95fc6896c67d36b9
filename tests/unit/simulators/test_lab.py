"""The simulated laboratory as a whole: found, restarted, killed."""

import asyncio
import json
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from simulators.errors import WorldError
from simulators.floor import Floor
from simulators.held_clock import Unattended
from simulators.instruments.program import Order
from simulators.lab import SimulatedLab, find_addresses, find_owner
from simulators.ledger import LedgerLine, read_ledger
from simulators.world.things import Things
from simulators.world_state import TokenState, WorldState
from tests.simulated_world import (
    START,
    TABLE,
    Ticks,
    dose,
    film,
    laboratory,
    ledger_of,
    new_vial,
    soak,
    token,
    transfer,
)

ROOT = Path(__file__).parents[3]


def lab(folder: Path) -> SimulatedLab:
    """The shipped laboratory before a small table, with nobody in it."""
    return SimulatedLab(laboratory(), TABLE, folder, Unattended(), Ticks())


async def test_every_instrument_listens_and_is_found_by_its_file(tmp_path) -> None:
    """Port 0 becomes a real port on loopback; a clean end takes the file away."""
    async with lab(tmp_path) as opened:
        found = await asyncio.to_thread(find_addresses, tmp_path)
        assert found == opened.addresses
        assert set(found) == set(laboratory().instruments)
        assert all("127.0.0.1:" in address and ":0" not in address for address in found.values())
        first = dict(opened.addresses)
        with pytest.raises(WorldError, match="in use by the simulated laboratory with process id"):
            await lab(tmp_path).start()
    assert await asyncio.to_thread(find_addresses, tmp_path) is None
    async with lab(tmp_path) as again:
        assert again.addresses == first


async def test_the_held_clock_ends_programs_as_soon_as_the_laboratory_rests(tmp_path) -> None:
    """A film is made and measured in the wall time that the disk needs."""
    ticks = Ticks()
    simulated = SimulatedLab(laboratory(), TABLE, tmp_path, Unattended(), ticks)
    async with simulated, running(simulated.run_clock()):
        floor = simulated.floor
        orders = (*film(1, (1, 50.0), (2, 50.0)), ("robot", transfer(9, "stage_a", "stage_t")), ("tester", soak(10)))
        for instrument, order in orders:
            ended = asyncio.Event()
            floor.listen(lambda i=instrument, o=order, e=ended: e.set() if is_done(floor, i, o) else None)
            await floor.start(instrument, order)
            await asyncio.wait_for(ended.wait(), 30)
        program = floor.instruments["tester"].ask(token(10))
        assert program is not None
        assert program.state is TokenState.DONE
        assert (floor.now - START).total_seconds() > 3600
    assert ticks.times[-1] == floor.now


async def test_it_is_not_open_before_start(tmp_path) -> None:
    """Said, not crashed."""
    with pytest.raises(WorldError, match="call start first"):
        _ = lab(tmp_path).floor


async def test_a_folder_that_cannot_be_used_is_said_clearly(tmp_path) -> None:
    """A file where the folder should be; a database that is none. Nothing is left locked."""
    (tmp_path / "file").touch()
    with pytest.raises(WorldError, match=r"cannot use .*file"):
        await lab(tmp_path / "file").start()
    (tmp_path / "world.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(WorldError, match="not a database"):
        await lab(tmp_path).start()
    assert await asyncio.to_thread(find_owner, tmp_path) is None


async def test_a_real_laboratory_is_not_simulated(tmp_path) -> None:
    """Its lab file has no simulation; nothing is left locked."""
    real = laboratory().model_copy(update={"simulation": None})
    with pytest.raises(WorldError, match="declares no simulation"):
        await SimulatedLab(real, TABLE, tmp_path, Unattended(), Ticks()).start()
    assert await asyncio.to_thread(find_owner, tmp_path) is None


def is_done(floor: Floor, instrument: str, order: Order) -> bool:
    """Whether the order's program has ended well."""
    program = floor.instruments[instrument].ask(order.token)
    return program is not None and program.state is TokenState.DONE


@asynccontextmanager
async def running(work) -> AsyncIterator[None]:
    """Run something beside the test, and end it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# What a killed simulator leaves behind -------------------------------------------------------------------------------

DRIVEN = """
import asyncio, itertools, pathlib, sys
from tests.simulated_world import START, dose, installed, new_vial, film, transfer
from datetime import timedelta

world, instruments = installed(pathlib.Path(sys.argv[1]))
first = int(sys.argv[2])
print("open", flush=True)
for round in itertools.count():
    number = first + 100 * round
    place = f"rack_{1 + len(world.things.films)}"
    orders = film(number, (1, 40.0), (2, 30.0)) + (("robot", transfer(number + 50, "stage_a", place)),)
    for name, order in orders:
        instruments[name].start(order)
        world.advance(world.now + timedelta(minutes=10))
        world.acknowledge(world.unacknowledged())
"""


def fold(lines: tuple[LedgerLine, ...]) -> Things:
    """The world that a ledger tells of, made from nothing."""
    things = Things()
    for line in lines:
        things.apply(line)
    return things


async def test_killed_at_any_instant_ledger_and_world_agree(tmp_path) -> None:
    """SIGKILL, again and again, at instants drawn by seed: nothing is lost, nothing is twice, nothing runs on."""
    draws = random.Random(11)
    for life in range(8):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DRIVEN, tmp_path, str(1 + life * 100_000), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"open\n"
        await asyncio.sleep(draws.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        before = await ledger_of(tmp_path)
        await asyncio.to_thread(check_restart, tmp_path, before)
    acts = [line for line in await ledger_of(tmp_path) if line.token]
    assert len(acts) > 8
    assert len({line.token for line in acts}) == len(acts)


def check_restart(folder: Path, before: tuple[LedgerLine, ...]) -> None:
    """Open the world again: it is what the ledger tells, and says which programs the power cut ended."""
    world = WorldState(folder, START)
    told = fold(before)
    assert world.things.films == told.films
    assert world.things.vials == told.vials
    for line in before:
        if line.token:
            program = world.program(line.instrument, line.token)
            assert program is not None
            assert program.state in (TokenState.DONE, TokenState.FAILED)
            assert world.now >= program.started_at
    after = read_ledger(folder / "ledger.jsonl")
    assert after[:-1] == before
    assert after[-1].action == "power_on"
    failed = {line.token for line in before if line.token and world.program(line.instrument, line.token) is not None}
    assert set(after[-1].details["cut"]) <= failed
    world.close()


async def test_a_killed_laboratory_is_found_dead_and_starts_again(tmp_path) -> None:
    """Its file of addresses names nobody; the next start serves the same tokens on the same ports."""
    program = (
        "import asyncio, pathlib, sys\n"
        "from simulators.held_clock import Unattended\n"
        "from simulators.lab import SimulatedLab\n"
        "from tests.simulated_world import TABLE, Ticks, laboratory\n"
        "asyncio.run(SimulatedLab(laboratory(), TABLE, pathlib.Path(sys.argv[1]), Unattended(), Ticks()).run())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, tmp_path, cwd=ROOT)
    async with asyncio.timeout(60):
        while (found := await asyncio.to_thread(find_addresses, tmp_path)) is None:
            await asyncio.sleep(0.05)
    assert await asyncio.to_thread(find_owner, tmp_path) == process.pid
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert await asyncio.to_thread(find_addresses, tmp_path) is None
    async with lab(tmp_path) as again:
        assert again.addresses == found
        assert await again.floor.start("dispenser_a", new_vial(1)) == 0
        assert await again.floor.start("dispenser_b", dose(2, 1, 20.0)) == 3
    lines = await ledger_of(tmp_path)
    assert [line.action for line in lines] == ["power_on", "power_on", "new_vial"]


def test_the_addresses_are_one_json_object(tmp_path) -> None:
    """As docs/instruments-wire.md says; a file whose owner is gone is not believed."""
    (tmp_path / "addresses.json").write_text(json.dumps({"tester": "scpi://127.0.0.1:1"}))
    assert find_addresses(tmp_path) is None
