"""Which processes one machine of a laboratory has, read from its declaration."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from instruments.lab import resolve_addresses
from lab_agents.bus.broker import Door, broker_command, find_broker
from lab_agents.child import ChildPlan, Spawn
from lab_agents.credentials import BROKER, access_of
from lab_agents.messages.access import mosquitto_access
from lab_agents.processes import dying_with_parent
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder, read_json

Program = Callable[[str, str], list[str]]
"""Role and name in, the beginning of the command line out; epoch and pipes are added to it."""


def assembly(folder: StateFolder) -> Program:
    """The command line of our own processes."""

    def program(role: str, name: str) -> list[str]:
        return [sys.executable, "-m", "lab_agents.starting", role, name, "--state", str(folder.path)]

    return program


GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": str(256 * 1024)}
"""For agents on glibc: memory of a quarter megabyte and more is given back as soon as it is free. Otherwise glibc takes
the largest text that a process ever wrote, a state or a question of megabytes, for what it will always need, and a
process that holds little grows with each. Smaller texts are not worth the system calls, nor are a fit's matrices."""


COMPUTING = 10
"""Niceness of the workers that compute: the guard and whoever must answer in time go before a fit of seconds, which
gets a tenth of their share of a core; where nobody else wants the core it costs nothing."""


@dataclass(frozen=True)
class Household:
    """One machine of a laboratory and what its processes are started with.

    Attributes:
        laboratory: The declaration.
        machine: This machine.
        folder: The state folder.
        program: Builds command lines; tests put small programs there.
        broker_port: Port of the broker to start here, or None where somebody else runs it.
        broker_host: The address that it listens on.
        repeater_port: Port of the Channel Access repeater of this laboratory: two laboratories on one machine do not
            share one.
        settings: Times and numbers.
    """

    laboratory: Laboratory
    machine: str
    folder: StateFolder
    program: Program
    broker_port: int | None
    repeater_port: int
    settings: Settings = DEFAULT
    broker_host: str = "127.0.0.1"
    _located: dict[str, dict[str, Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def is_first(self) -> bool:
        """Whether this is the machine of broker, recorder, workers, notifier and the simulated laboratory."""
        return self.machine == self.laboratory.machines[0]

    @property
    def instruments(self) -> tuple[str, ...]:
        """Instruments whose agents belong to this machine."""
        agents = self.laboratory.agents.values()
        return tuple(i for a in agents if a.machine == self.machine for i in a.instruments)

    def addresses(self) -> dict[str, str] | None:
        """Each instrument's address here with its real port, or None while the simulated laboratory has not said."""
        declared = {name: self.laboratory.instruments[name].address for name in self.instruments}
        if all(urlsplit(address).port != 0 for address in declared.values()):
            return declared
        if not self.folder.addresses.exists():
            return None
        told = read_json(self.folder.addresses)
        # Asked for every instrument every few seconds, while it changes when a simulated laboratory begins.
        if self._located.get("told") != told:
            located = resolve_addresses(self.laboratory, told)
            self._located.update(told=told, addresses={name: located.instruments[name].address for name in declared})
        return dict(self._located["addresses"])

    def is_ready_for(self, instruments: tuple[str, ...]) -> bool:
        """Whether an agent of these instruments may start: only Channel Access has to know addresses before."""
        declared = self.laboratory.instruments
        is_early = any(declared[name].address.startswith("ca://") for name in instruments)
        return not is_early or self.addresses() is not None

    @property
    def speaks_channel_access(self) -> bool:
        """Whether a process of this machine looks for a Channel Access repeater."""
        return any(self.laboratory.instruments[name].address.startswith("ca://") for name in self.instruments)

    def epics_environment(self, instruments: tuple[str, ...]) -> dict[str, str]:
        """What a process that speaks Channel Access to these instruments needs; nothing where none of them does."""
        addresses = self.addresses() or {}
        places = [urlsplit(a) for name, a in addresses.items() if name in instruments and a.startswith("ca://")]
        if not places:
            return {}
        return {
            "EPICS_CA_ADDR_LIST": " ".join(f"{place.hostname}:{place.port}" for place in places),
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_CA_REPEATER_PORT": str(self.repeater_port),
        }

    def plans(self) -> tuple[ChildPlan, ...]:
        """The children, in the order in which they start: what others wait for comes first."""
        recorder = self._plain("recorder", "recorder")
        shared = (*self._broker(), *self._simulator(), *recorder, *self._notifier()) if self.is_first else ()
        agents = (
            self._agent(name, declaration.role, declaration.instruments)
            for name, declaration in self.laboratory.agents.items()
            if declaration.machine == self.machine
        )
        workers = range(1, self.settings.compute_workers + 1) if self.is_first else ()
        # Agents with instruments import most, so they start first.
        ordered = sorted(agents, key=lambda plan: not plan.instruments)
        return (
            *shared,
            *ordered,
            *(plan for i in workers for plan in self._plain("compute", f"compute_{i}", COMPUTING)),
        )

    def _broker(self) -> tuple[ChildPlan, ...]:
        port = self.broker_port
        if port is None:
            return ()

        def command(_: Spawn) -> list[str]:
            kind, folder = find_broker(), self.folder.broker
            return dying_with_parent(broker_command(kind, folder, port, self.broker_host, self._door()).command)

        return (ChildPlan("broker", "broker", command, self.folder.log("broker"), beats=False),)

    def _door(self) -> Door | None:
        own = access_of(self.laboratory, BROKER)
        return None if own is None else Door(own, mosquitto_access(self.laboratory))

    def _simulator(self) -> tuple[ChildPlan, ...]:
        if self.laboratory.simulation is None:
            return ()
        command = self._command("simulator", "simulator")
        log = self.folder.log("simulator")
        lock = self.folder.simulator / "lock"
        return (ChildPlan("simulator", "simulator", command, log, beats=False, lock=lock),)

    def _notifier(self) -> tuple[ChildPlan, ...]:
        if not self.laboratory.notifications:
            return ()
        # It outlives the guard: somebody has to tell that the guard is dead.
        lock = self.folder.pending_notices.with_name("lock")
        log = self.folder.log("notifier")
        return (ChildPlan("notifier", "notifier", self._command("notifier", "notifier"), log, beats=False, lock=lock),)

    def _plain(self, role: str, name: str, niceness: int = 0) -> tuple[ChildPlan, ...]:
        return (ChildPlan(role, name, self._command(role, name), self.folder.log(name), niceness=niceness),)

    def _agent(self, name: str, role: str, instruments: tuple[str, ...]) -> ChildPlan:
        return ChildPlan(
            role,
            name,
            self._command(role, name),
            self.folder.log(name),
            instruments=instruments,
            environment=lambda: {**GIVE_BACK, **self.epics_environment(instruments)},
        )

    def _command(self, role: str, name: str) -> Callable[[Spawn], list[str]]:
        def command(spawn: Spawn) -> list[str]:
            pipes = [] if spawn.up is None else ["--up", str(spawn.up), "--down", str(spawn.down)]
            return [*self.program(role, name), "--epoch", str(spawn.epoch), *pipes]

        return command
