"""Checking a laboratory before it is used: its file, and, where it is real, its instruments. Nothing is written."""

import asyncio
import os
import socket
from pathlib import Path

from instruments.addresses import Address, parse_address
from instruments.drivers import Driver, load_driver
from instruments.errors import InstrumentError
from instruments.hardware_limits import agree
from instruments.lab import find_laboratory, read_laboratory
from instruments.transports.connection import Connection
from lab_agents.errors import ChannelError
from lab_agents.notify.channels import open_channel
from lab_agents.records.base import Name, Record
from lab_agents.records.failure import TASK_KINDS, FailurePolicy, TaskKind
from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory
from lab_agents.records.notification import About, NotificationChannel
from lab_agents.settings import DEFAULT


class InstrumentFinding(Record):
    """What was found of one instrument. `problems` must be mended; `notes` are good to know."""

    instrument: Name
    driver: Name
    address: str
    owner: Name
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class FailureLine(Record):
    """What follows the failure of one kind of task, and whether the file says so or it is usual."""

    kind: TaskKind
    policy: FailurePolicy
    is_declared: bool

    def to_text(self) -> str:
        """For people."""
        return f"{self.kind} fails: {self.policy.to_text()} ({'declared' if self.is_declared else 'usual'})"


class ChannelFinding(Record):
    """What was found of one way to notify people; nothing is sent."""

    channel: Name
    kind: Name
    about: tuple[About, ...]
    problem: str = ""

    def to_text(self) -> str:
        """For people."""
        mark = "MEND" if self.problem else "good"
        said = f"        {self.problem}" if self.problem else ""
        return "\n".join(
            filter(None, (f"  {mark}  {self.channel} ({self.kind}) tells of {', '.join(self.about)}", said))
        )


class LabReport(Record):
    """What was found of a laboratory."""

    file: str
    name: Name
    n_agents: int
    n_places: int
    is_simulated: bool
    instruments: tuple[InstrumentFinding, ...]
    on_failure: tuple[FailureLine, ...] = ()
    channels: tuple[ChannelFinding, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing must be mended."""
        return not any(i.problems for i in self.instruments) and not any(c.problem for c in self.channels)

    def to_text(self) -> str:
        """The report for people."""
        kind = "simulated" if self.is_simulated else "real"
        counts = f"{self.n_agents} agents, {len(self.instruments)} instruments, {self.n_places} places"
        lines = [f"{self.file}: {self.name}, {kind}, {counts}"]
        for found in self.instruments:
            mark = "MEND" if found.problems else "good"
            lines.append(f"  {mark}  {found.instrument} ({found.driver} at {found.address}, driven by {found.owner})")
            lines += [f"        {text}" for text in (*found.problems, *found.notes)]
        lines += [f"  {line.to_text()}" for line in self.on_failure]
        lines += [channel.to_text() for channel in self.channels]
        return "\n".join(lines)


def check_laboratory(name_or_path: str) -> LabReport:
    """Check a lab file, and every instrument that it can reach.

    Raises:
        DeclarationError: If the file cannot be meant; what only an instrument can tell stands in the report.
    """
    path = find_laboratory(name_or_path, Path())
    laboratory = read_laboratory(path)
    os.environ.update(channel_access_environment(laboratory))
    findings = asyncio.run(check_instruments(laboratory))
    return LabReport(
        file=str(path),
        name=laboratory.name,
        n_agents=len(laboratory.agents),
        n_places=len(laboratory.all_places),
        is_simulated=laboratory.simulation is not None,
        instruments=tuple(findings),
        on_failure=tuple(
            FailureLine(kind=kind, policy=laboratory.policy(kind), is_declared=kind in laboratory.on_failure)
            for kind in TASK_KINDS
        ),
        channels=tuple(check_channel(name, declared) for name, declared in laboratory.notifications.items()),
    )


def check_channel(name: str, declared: NotificationChannel) -> ChannelFinding:
    """Open a channel without sending anything: is its kind installed, are address and secret there?"""
    problem = ""
    try:
        open_channel(name, declared)
    except ChannelError as error:
        problem = str(error)
    return ChannelFinding(channel=name, kind=declared.kind, about=declared.about, problem=problem)


def channel_access_environment(laboratory: Laboratory) -> dict[str, str]:
    """What finds the laboratory's Channel Access servers, and no others; nothing where it has none."""
    addresses = [parse_address(i.address) for i in laboratory.instruments.values()]
    servers = [f"{a.host}:{a.port}" for a in addresses if a.scheme == "ca" and a.port != 0]
    return {"EPICS_CA_ADDR_LIST": " ".join(servers), "EPICS_CA_AUTO_ADDR_LIST": "NO"} if servers else {}


async def check_instruments(laboratory: Laboratory) -> list[InstrumentFinding]:
    """Look at every instrument: its promises, its port, and, where it is real, whether it answers, and its limits."""
    return list(await asyncio.gather(*(_check(laboratory, name) for name in laboratory.instruments)))


async def _check(laboratory: Laboratory, name: str) -> InstrumentFinding:
    declaration = laboratory.instruments[name]
    driver, address = load_driver(declaration.driver), parse_address(declaration.address)
    problems: list[str] = []
    notes = _promises(driver, declaration)
    if address.port == 0:
        notes.append("its port is chosen when the simulated laboratory starts")
        if laboratory.simulation is None:
            problems.append("port 0 is for simulated laboratories; write the instrument's port")
    elif laboratory.simulation is not None:
        problems += _port_problems(address)
    else:
        problems += await _reach(name, driver, declaration, address, notes)
    return InstrumentFinding(
        instrument=name,
        driver=declaration.driver,
        address=str(address),
        owner=laboratory.owner(name),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _promises(driver: Driver, declaration: InstrumentDeclaration) -> list[str]:
    """What the instrument cannot promise, and what follows from it."""
    notes = []
    if not driver.traits.holds_token:
        notes.append(
            "it cannot hold a token or epoch: after a crash an actuation in flight is unknown until a person says"
        )
    if driver.traits.single_client:
        notes.append("it accepts one connection: the emergency stop connects after its agent was killed")
    if not declaration.safe_state:
        notes.append("no safe state is declared: the emergency stop can only kill its agent")
    return notes


def _port_problems(address: Address) -> list[str]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            return [f"port {address.port} is taken ({error.strerror}): stop what listens there, or write port 0"]
    return []


async def _reach(
    name: str, driver: Driver, declaration: InstrumentDeclaration, address: Address, notes: list[str]
) -> list[str]:
    # Making a wire imports its protocol's client.
    wire = await asyncio.to_thread(driver.wire, address, DEFAULT.request)
    connection = Connection(wire, f"{name} at {address}", DEFAULT.request)
    try:
        await connection.connect()
        return await _compare_limits(connection, driver, declaration, notes)
    except InstrumentError as error:
        return [f"{error}. Switch it on, check its cable and address"]
    finally:
        await connection.close()


async def _compare_limits(
    connection: Connection, driver: Driver, declaration: InstrumentDeclaration, notes: list[str]
) -> list[str]:
    signals, quantity = driver.limit_signals, driver.limited
    if signals is None or quantity is None:
        notes.append("its hardware holds no limits that could be read back")
        return []
    limit = declaration.limits[quantity]
    low, high = [float(str(await connection.read(signal))) for signal in signals]
    if agree(low, limit.lower) and agree(high, limit.upper):
        return []
    there, here = f"{low} to {high}", f"{limit.lower:g} to {limit.upper:g}"
    return [f"the hardware limits {quantity} to {there}, the lab file to {here}: make them agree"]
