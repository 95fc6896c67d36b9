"""`lab-agents benchmark stop`: how long an emergency stop takes to each of fifty instruments, ten of them unreachable.

The guard, the broker and the simulated instruments are real processes of their own, and every byte goes over the
instruments' real protocols. Only the agents are stand-ins: those that a stop kills do nothing but beat and hold as much
memory as real ones, and the worker that computes does so all the time. Of the unreachable instruments some refuse a
connection, some take it and never answer, and some take none because their queue of connections is full, which is as
near as loopback comes to a cable that is cut.
"""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab_agents.benchmarks.figures import Figure, verdict
from lab_agents.benchmarks.processes import percentile
from lab_agents.guard_client import hold, rearm, release, request_stop, shutdown, start_guard
from lab_agents.guard_door import guard_status
from lab_agents.processes import identity, kill_and_wait
from lab_agents.state_folder import StateFolder, lock_holder
from lab_agents.stop_report import StopReport, read_reports

LIMIT = 0.25
"""Wall seconds from the request to an acknowledged safe write."""
ROUNDS = 20
"""Stops of each seed; see `WAYS`."""
WAYS = ("all alive", "all alive", "every agent dead", "all alive", "the broker dead")
"""What is the matter in one stop after the other."""
PER_AGENT = 10
"""Instruments that one agent drives at most."""
SETTLING = 5.0
"""Wall seconds between two stops: a guard looks for lost connections every two seconds, each look takes up to two."""
WARMING = 15.0
"""Wall seconds before the first stop: the guard imports four protocols and connects for the first time."""
READY_WITHIN = 180.0
"""Wall seconds in which every process must run and every instrument listen."""
ANSWERED_WITHIN = 60.0
"""Wall seconds in which a guard must have answered a stop."""

HALT = {"signal": "halt", "value": 1.0, "read_back": "status", "expected": 0.0}


@dataclass(frozen=True)
class Kind:
    """A kind of instrument in the generated laboratory: reachable ones and unreachable ones."""

    name: str
    driver: str
    address: str
    reachable: int
    unreachable: int
    safe: dict[str, Any]
    limits: dict[str, tuple[float, float, str]]


KINDS = (
    Kind(
        "hotplate",
        "modbus_hotplate",
        "modbus://{at}?unit={number}",
        14,
        3,
        HALT,
        {"temperature": (40.0, 180.0, "°C"), "duration": (10.0, 7200.0, "s")},
    ),
    Kind(
        "carrier", "opcua_robot", "opc.tcp://{at}/{name}", 8, 2, {**HALT, "signal": "Halt", "read_back": "Status"}, {}
    ),
    Kind(
        "xrd",
        "epics_diffractometer",
        "ca://{at}/{name}:",
        8,
        2,
        {**HALT, "signal": "HALT", "read_back": "STATUS"},
        {
            "start": (5.0, 80.0, "deg"),
            "stop": (6.0, 90.0, "deg"),
            "step": (0.005, 0.1, "deg"),
            "time_per_step": (0.05, 20.0, "s"),
        },
    ),
    Kind(
        "probe",
        "scpi_probe",
        "scpi://{at}",
        10,
        3,
        {"signal": "OUTP", "value": 0.0, "read_back": "OUTP", "expected": 0.0},
        {"current": (1.0e-9, 0.01, "A"), "points": (2.0, 50.0, "1")},
    ),
)
"""Fifty instruments over all four protocols, ten of them unreachable."""

REAL = ("broker", "simulator")
"""Roles that no stand-in plays."""
GUARDING = """\
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
    return real(role, name) if role == "simulator" else [sys.executable, "-c", sys.argv[2], role, name]
with locked(folder.guard("main") / "lock", within=2.0):
    asyncio.run(guard_machine(folder, read_laboratory(folder.lab_file), "main", program))
"""
STAND_IN = """\
import asyncio, os, sys, threading
from lab_agents.beat import Beat
def compute():
    while True:
        sum(i * i for i in range(10_000))
async def main():
    weight = b"x" * 50_000_000
    if sys.argv[1] == "compute":
        threading.Thread(target=compute, daemon=True).start()
    pipes = [int(sys.argv[sys.argv.index(name) + 1]) for name in ("--up", "--down")]
    async with Beat(*pipes):
        print("beating", os.getpid(), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
"""As heavy as a real process, whose memory the kernel must take back when it is killed; the worker that computes keeps
a core busy, as it does while a planner fits its model."""


@dataclass(frozen=True)
class Measured:
    """One stop: what was the matter, and its report."""

    way: str
    report: StopReport

    def delays(self) -> dict[str, float | None]:
        """Seconds from the request to the acknowledged safe write, by reachable instrument; None: never."""
        asked = self.report.stop.at
        return {
            name: None if one.written_at is None else (one.written_at - asked).total_seconds()
            for name, one in self.report.instruments.items()
            if not is_lost(name)
        }

    def is_told(self) -> bool:
        """Whether the report says of every reachable instrument that it is safe, and of every other that it is not."""
        states = {name: one.state.state for name, one in self.report.instruments.items()}
        return all(
            (state == "unreachable") if is_lost(name) else state != "unreachable" for name, state in states.items()
        )


def benchmark_stop(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """The rows: seconds to the safe write with everything alive, with every agent dead, with the broker dead.

    Args:
        seeds: How many times `ROUNDS` stops.
        table: Not used.
        progress: Told stops done and planned.
    """
    del table
    with tempfile.TemporaryDirectory(prefix="lab-agents-stop-") as name, black_holes() as holes:
        folder = StateFolder.create(Path(name) / "state", "fifty", yaml.safe_dump(generate_laboratory(holes)).encode())
        measured = asyncio.run(_measure(folder, seeds * ROUNDS, progress))
    return stop_figures(measured)


def stop_figures(measured: Sequence[Measured]) -> list[Figure]:
    """One row for each way, and one for what the reports said."""
    rows = []
    for way in dict.fromkeys(WAYS):
        delays = [delay for one in measured if one.way == way for delay in one.delays().values()]
        known = [delay for delay in delays if delay is not None]
        p99 = percentile(known, 99) if known else None
        rows.append(
            Figure(
                figure=f"emergency stop with {way}: seconds to each reachable instrument's safe write, p99",
                target=f"< {LIMIT:g}",
                measured=p99,
                verdict=verdict(p99 is not None and p99 < LIMIT and len(known) == len(delays)),
                note=f"{len(delays)} safe writes, {len(delays) - len(known)} never acknowledged"
                + (f"; p50 {percentile(known, 50):.3f}, slowest {max(known):.3f}" if known else ""),
            )
        )
    told = [one.is_told() for one in measured]
    return [
        *rows,
        Figure(
            figure="emergency stops whose report tells reachable and unreachable instruments apart",
            target="all",
            measured=sum(told) / max(1, len(told)),
            verdict=verdict(bool(told) and all(told)),
            note=f"{len(told)} stops of {sum(k.reachable + k.unreachable for k in KINDS)} instruments",
        ),
    ]


def is_lost(name: str) -> bool:
    """Whether the generated laboratory's instrument of this name is one that nobody reaches."""
    return "_lost_" in name


def generate_laboratory(holes: Sequence[int], kinds: Sequence[Kind] = KINDS) -> dict[str, Any]:
    """A lab file of simulated instruments; the unreachable ones are at the ports `holes` of another address.

    Robots must be among the `kinds`: the first one serves all places.
    """
    instruments: dict[str, Any] = {}
    agents: dict[str, Any] = {}
    places = []
    ports = iter(holes)
    for kind in kinds:
        names = [f"{kind.name}_{i}" for i in range(1, kind.reachable + 1)]
        lost = [f"{kind.name}_lost_{i}" for i in range(1, kind.unreachable + 1)]
        for number, name in enumerate([*names, *lost], start=1):
            at = f"127.0.0.2:{next(ports)}" if is_lost(name) else "127.0.0.1:0"
            instruments[name] = _declare(kind, name, kind.address.format(at=at, number=number, name=name), number)
            service = f"service_{name}" if kind.name == "carrier" else "service_carrier_1"
            places.append({"name": f"at_{name}", "kind": kind.name, "service": service, "instrument": name})
        agents |= _agents(kind, [*names, *lost])
    simulation = {"world": "absorber", "seed": 1}
    return {"name": "fifty", "agents": agents, "instruments": instruments, "places": places, "simulation": simulation}


def _declare(kind: Kind, name: str, address: str, number: int) -> dict[str, Any]:
    limits = {q: {"lower": lower, "upper": upper, "unit": unit} for q, (lower, upper, unit) in kind.limits.items()}
    settings = {"plate": name, "position": (number - 1) % 4 + 1} if kind.name == "hotplate" else {}
    return {
        "driver": kind.driver,
        "address": address,
        "limits": limits,
        "safe_state": [kind.safe],
        "settings": settings,
    }


def _agents(kind: Kind, names: Sequence[str]) -> dict[str, Any]:
    """Robots belong to a service each; the others are driven ten by one agent."""
    if kind.name == "carrier":
        return {f"service_{name}": {"role": "service", "instruments": [name]} for name in names}
    role = "synthesis" if kind.name == "hotplate" else "characterization"
    groups = [list(names[i : i + PER_AGENT]) for i in range(0, len(names), PER_AGENT)]
    return {f"{kind.name}s_{i}": {"role": role, "instruments": group} for i, group in enumerate(groups, start=1)}


@contextmanager
def black_holes() -> Iterator[tuple[int, ...]]:
    """Ports of 127.0.0.2 behind which nobody is: refused, taken and never answered, not even taken; in turns."""
    with ExitStack() as held:
        ports = []
        for number in range(sum(kind.unreachable for kind in KINDS)):
            hole = held.enter_context(socket.socket())
            hole.bind(("127.0.0.2", 0))
            if number % 3:
                hole.listen(64 if number % 3 == 1 else 0)
            if number % 3 == 2:
                _fill(held, hole.getsockname())
            ports.append(hole.getsockname()[1])
        yield tuple(ports)


def _fill(held: ExitStack, address: tuple[str, int]) -> None:
    """Fill a queue of length zero, so that the kernel drops what comes next."""
    for _ in range(4):
        caller = held.enter_context(socket.socket())
        caller.setblocking(False)
        with suppress(BlockingIOError):
            caller.connect(address)


async def _measure(folder: StateFolder, n: int, progress: Callable[[int, int], None]) -> list[Measured]:
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    await start_guard(folder, "main", command=[sys.executable, "-c", GUARDING, str(folder.path), STAND_IN])
    try:
        await _until_ready(folder)
        await asyncio.sleep(WARMING)
        measured = []
        for number in range(n):
            measured.append(await _stop_once(folder, WAYS[number % len(WAYS)]))
            progress(number + 1, n)
        return measured
    finally:
        await shutdown(folder, "main", mode="now")
        # The simulated instruments outlive their guard.
        pid = lock_holder(folder.simulator / "lock") or 0
        name = identity(pid)
        if name is not None:
            await kill_and_wait(pid, name)


async def _stop_once(folder: StateFolder, way: str) -> Measured:
    await _until_ready(folder)
    dead = {"every agent dead": await _agents_of(folder), "the broker dead": ("broker",)}.get(way, ())
    for child in dead:
        await hold(folder, "main", child=child, person="benchmark", reason=way)
    await asyncio.sleep(SETTLING)
    answer = await asyncio.to_thread(request_stop, folder.path, person="benchmark", reason=way, within=ANSWERED_WITHIN)
    report = await _find_report(folder, answer.id)
    await rearm(folder, "main", stop=answer.id, person="benchmark", reason="measured")
    for child in dead:
        await release(folder, "main", child=child)
    return Measured(way, report)


async def _find_report(folder: StateFolder, stop: str) -> StopReport:
    async with asyncio.timeout(ANSWERED_WITHIN):
        while True:
            kept = await asyncio.to_thread(read_reports, folder, ("main",))
            found = [report for report in kept.reports if report.stop.id == stop]
            if found:
                return found[0]
            await asyncio.sleep(0.1)


async def _agents_of(folder: StateFolder) -> tuple[str, ...]:
    status = await guard_status(folder, "main")
    return tuple(name for name, role in status["roles"].items() if role not in REAL)


async def _until_ready(folder: StateFolder) -> None:
    """Return when every process has come up, and the simulated laboratory has said where it listens."""
    async with asyncio.timeout(READY_WITHIN):
        while True:
            status = await guard_status(folder, "main")
            running = status["status"]["children"]
            if set(running) == set(status["roles"]) and folder.addresses.exists():
                agents = {name: running[name] for name, role in status["roles"].items() if role not in REAL}
                if await asyncio.to_thread(_have_begun, folder, agents):
                    return
            await asyncio.sleep(0.5)


def _have_begun(folder: StateFolder, agents: Mapping[str, int]) -> bool:
    """Whether no process is still importing: twenty of them would be all that two cores do."""
    return all(f"beating {pid}\n" in folder.log(name).read_text() for name, pid in agents.items())
