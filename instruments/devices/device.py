"""What every ophyd-async device of this package is: a program runner behind one kept connection."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from bluesky.protocols import Movable, Status
from ophyd_async.core import AsyncStatus, StandardReadable

from instruments.addresses import parse_address
from instruments.drivers import Driver
from instruments.hardware_limits import tighten_limits
from instruments.programs import Answer, Program, StartCode, Traits
from instruments.running import Pace, ProgramRunner
from instruments.transports.connection import Connection
from lab_agents.records.laboratory import InstrumentDeclaration
from lab_agents.settings import Settings


@dataclass(frozen=True)
class DeviceSetup:
    """What a device is made from; every device class takes exactly this."""

    name: str
    declaration: InstrumentDeclaration
    driver: Driver
    settings: Settings

    def connection(self) -> Connection:
        """A kept connection to the instrument; connects when it is first needed."""
        address = parse_address(self.declaration.address)
        limit = self.settings.request
        return Connection(self.driver.wire(address, limit), f"{self.name} at {address}", limit)

    @property
    def pace(self) -> Pace:
        """How often the instrument is asked; the lab file may set `patience` (s) under the instrument's settings."""
        patience = self.declaration.settings.get("patience")
        if isinstance(patience, int | float):
            return Pace(self.settings.poll, float(patience))
        return Pace(self.settings.poll)


@runtime_checkable
class ProgramDevice(Protocol):
    """A device as the engine sees it, of either family. Its coroutines run in the RunEngine's loop."""

    name: str
    traits: Traits
    runner: ProgramRunner

    def set(self, value: Program) -> Status:
        """Start a program; the status ends when the program has ended and its results can be read."""
        ...

    async def connect_wire(self) -> None:
        """Connect, so that the first start is fast, and narrow the hardware's limits to those of the lab file.

        Raises:
            TransportError: If the instrument cannot be reached.
        """
        ...

    async def ask(self, program: Program) -> Answer:
        """Ask about a token."""
        ...

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the results of an ended program readable."""
        ...

    async def look(self, signal: str) -> float:
        """Read a number for an interlock."""
        ...

    async def halt(self) -> None:
        """End the running program now."""
        ...

    async def disconnect(self) -> None:
        """Let go of the instrument, which goes on with what it executes."""
        ...


class WireDevice(StandardReadable, Movable[Program]):
    """An instrument on a `Connection`. Subclasses say how a start is encoded and an answer decoded.

    `stop` never ends a program: a RunEngine calls it at the end of every plan, also a good one. Only `halt` does.

    Attributes:
        halt_signal: What is written to end a program, and its value.
    """

    halt_signal: tuple[str, float] = ("halt", 1.0)

    def __init__(self, setup: DeviceSetup) -> None:
        self.setup, self.traits = setup, setup.driver.traits
        self.connection = setup.connection()
        self.runner = ProgramRunner(setup.name, setup.declaration, self, setup.pace)
        super().__init__(name=setup.name)

    @abstractmethod
    async def send(self, program: Program) -> StartCode:
        """Send the start in one write and read how it was answered."""

    @abstractmethod
    async def ask(self, program: Program) -> Answer:
        """Ask about a token."""

    @abstractmethod
    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the results of an ended program readable."""

    @AsyncStatus.wrap
    async def set(self, value: Program) -> None:
        """Start a program; done when it has ended and its results can be read."""
        answer = await self.runner.run(value)
        await self.runner.patiently(value, lambda: self.keep(value, answer))

    async def connect_wire(self) -> None:
        """Connect, and narrow the hardware's limits to those of the lab file."""
        await self.connection.connect()
        setup = self.setup
        await tighten_limits(setup.name, setup.declaration, setup.driver, self.look, self.connection.write)

    async def look(self, signal: str) -> float:
        """Read a number."""
        value: Any = await self.connection.read(signal)
        return float(value)

    async def halt(self) -> None:
        """End the running program now."""
        await self.connection.write(*self.halt_signal)

    async def stop(self, success: bool = True) -> None:
        """Do nothing, on purpose."""

    async def disconnect(self) -> None:
        """Close the connection."""
        await self.connection.close()
