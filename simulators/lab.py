"""The simulated laboratory: floor, servers and clock together, found by its lock and its file of addresses."""

import asyncio
import fcntl
import gc
import json
import os
import sqlite3
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lab_agents.records.laboratory import Laboratory, SimulationDeclaration
from lab_agents.tables import Table
from simulators.errors import WorldError
from simulators.floor import Floor, open_world
from simulators.held_clock import FreeClock, HeldClock, LabAtRest, PublishTick
from simulators.installation import install, standing
from simulators.servers.listening import Servers
from simulators.world_state import WorldState

ADDRESSES, LOCK = "addresses.json", "lock"

LOCK_TRIES, LOCK_PAUSE = 5, 0.05
"""Tries and wall seconds between them: whoever looks for the owner holds the lock for an instant."""


class SimulatedLab:
    """A laboratory's hardware, simulated in this process.

    `start` opens the world and all servers, `run` also runs the clock until cancelled; `async with` starts and closes
    without running the clock, for tests that move it by `floor.advance`.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        table: Table | None,
        folder: Path,
        rest: LabAtRest,
        publish: PublishTick,
        free_rate: float | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            laboratory: The lab file.
            table: What is replayed; without one the tester refuses every start.
            folder: The `simulator` folder of a state folder.
            rest: Who knows whether the laboratory is at rest.
            publish: Where the clock is told.
            free_rate: Laboratory seconds per wall second of a clock that nothing holds; None holds it.
        """
        self._laboratory, self._table, self._folder = laboratory, table, folder
        self._rest, self._publish, self._free_rate = rest, publish, free_rate
        self._lock: int | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._world: WorldState | None = None
        self._floor: Floor | None = None
        self._servers: Servers | None = None

    @property
    def floor(self) -> Floor:
        """The instruments and their world.

        Raises:
            WorldError: Before `start`.
        """
        if self._floor is None:
            raise WorldError("The simulated laboratory is not open; call start first.")
        return self._floor

    @property
    def addresses(self) -> Mapping[str, str]:
        """Instrument → address with its real port."""
        return self._servers.addresses if self._servers else {}

    async def start(self) -> None:
        """Lock the folder, open the world, listen everywhere, write the addresses.

        Raises:
            WorldError: If the folder is in use or cannot be written, its world cannot be continued, or a declared port
                is taken.
        """
        try:
            self._lock = await asyncio.to_thread(_take_folder, self._folder)
            await self._open()
        except (OSError, sqlite3.Error) as error:
            raise WorldError(f"The simulated laboratory cannot use {self._folder}: {error}.") from error

    async def _open(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="world")
        try:
            starts_at = datetime.fromisoformat(_simulation(self._laboratory).starts_at)
            world = self._world = await open_world(self._folder, starts_at, self._thread, standing(self._laboratory))
            self._floor = Floor(world, install(self._laboratory, self._table, world), self._thread)
            self._servers = Servers(self._laboratory, self._floor)
            await self._servers.start()
            text = json.dumps(dict(self.addresses), indent=1)
            await asyncio.to_thread(_write_by_rename, self._folder / ADDRESSES, text)
        except BaseException:
            await self.close()
            raise

    async def run(self) -> None:
        """Start, then run the clock until cancelled; closes at the end."""
        await self.start()
        # Two hundred thousand objects, most of them of OPC UA, never die; walking them would stop all servers for a
        # tenth of a second, again and again.
        gc.collect()
        gc.freeze()
        try:
            await self.run_clock()
        finally:
            await self.close()

    async def run_clock(self) -> None:
        """Run the clock of a started laboratory until cancelled."""
        speed = _simulation(self._laboratory).speed
        clock: HeldClock | FreeClock
        if self._free_rate is not None:
            clock = FreeClock(self.floor, self._publish, self._free_rate)
        else:
            clock = HeldClock(self.floor, self._rest, self._publish, speed=speed)
        self.floor.listen(clock.nudge)
        await clock.run()

    async def close(self) -> None:
        """Hang up everywhere, save, remove the addresses, give the folder free."""
        if self._lock is not None:
            await asyncio.to_thread((self._folder / ADDRESSES).unlink, missing_ok=True)
        if self._servers is not None:
            await self._servers.close()
        if self._thread is not None:
            if self._world is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._world.close)
            await asyncio.to_thread(self._thread.shutdown)
        if self._lock is not None:
            os.close(self._lock)
        self._servers = self._floor = self._world = self._thread = self._lock = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def find_addresses(folder: Path) -> dict[str, str] | None:
    """The addresses of the laboratory that lives in `folder`, or None if none does or it does not listen yet."""
    if find_owner(folder) is None:
        return None
    try:
        addresses: dict[str, str] = json.loads((folder / ADDRESSES).read_text())
    except FileNotFoundError:
        return None
    return addresses


def find_owner(folder: Path) -> int | None:
    """Process id of the simulated laboratory that holds `folder`, or None."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(file, 32).decode().strip()
        return int(text) if text else None
    else:
        return None
    finally:
        os.close(file)


def _simulation(laboratory: Laboratory) -> SimulationDeclaration:
    if laboratory.simulation is None:
        raise WorldError(f"The lab file of {laboratory.name} declares no simulation; its instruments are real.")
    return laboratory.simulation


def _take_folder(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOCK_PAUSE)
        else:
            break
    else:
        owner = os.read(file, 32).decode().strip()
        os.close(file)
        raise WorldError(
            f"{folder} is in use by the simulated laboratory with process id {owner}. Attach to it, or end it."
        )
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
    # addresses.json of a laboratory that was killed names ports where nobody listens.
    (folder / ADDRESSES).unlink(missing_ok=True)
    return file


def _write_by_rename(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
