"""All servers of a laboratory: which protocol on which port, and the addresses that clients use."""

import asyncio
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from lab_agents.records.laboratory import InstrumentDeclaration, Laboratory
from simulators.errors import WorldError
from simulators.faults import DEAF
from simulators.floor import Floor
from simulators.hands import Hands
from simulators.installation import is_simulated
from simulators.servers.channel_access import DIALECTS as TEXTS
from simulators.servers.channel_access import ChannelAccessServer
from simulators.servers.hands import HANDS, HandsServer
from simulators.servers.modbus import KINDS, ModbusServer, Unit
from simulators.servers.opcua import FACES, OpcuaServer
from simulators.servers.scpi import ScpiServer
from simulators.servers.scpi_dialects import DIALECTS


class Server(Protocol):
    """One listening end."""

    async def start(self, port: int) -> int:
        """Listen on `port` (0 for any) of loopback; return the port."""
        ...

    async def close(self) -> None:
        """Stop listening and hang up."""
        ...


class Servers:
    """The servers of a laboratory's simulated instruments; those of `_SHARED` with one declared port share a server.

    Where the lab file says port 0, the port chosen once is asked for again at the next start.
    """

    def __init__(self, laboratory: Laboratory, floor: Floor) -> None:
        self._floor = floor
        self._declarations = {n: d for n, d in laboratory.instruments.items() if is_simulated(n, d)}
        self._hands = Hands(laboratory, floor)
        self._started: list[Server] = []
        self._lines: dict[str, tuple[list[str], int]] = {}
        self._servers: dict[int, Server] = {}
        self._deaf: set[asyncio.Task[None]] = set()
        self.addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Start them all.

        Raises:
            WorldError: If an address cannot be meant, or a declared port is taken.
        """
        groups: dict[str, list[str]] = {}
        for name, declaration in self._declarations.items():
            groups.setdefault(_group(name, declaration), []).append(name)
        for group, names in groups.items():
            await self._start(group, names)
        self._floor.hang_up = self._hang_up
        await self._take_hands()

    async def close(self) -> None:
        """Stop them all."""
        for task in tuple(self._deaf):
            task.cancel()
        await asyncio.gather(*self._deaf, return_exceptions=True)
        while self._started:
            await self._started.pop().close()

    async def _start(self, group: str, names: list[str]) -> None:
        declared = urlsplit(self._declarations[names[0]].address).port
        server = self._server(names)
        try:
            port = await server.start(declared or int(self._floor.world.fact(f"port.{group}") or 0))
        except OSError as error:
            if declared:
                raise WorldError(
                    f"{' and '.join(names)} cannot listen on port {declared} of 127.0.0.1: {error}. "
                    "End who listens there, or write port 0 to have one chosen."
                ) from error
            # The port of the last time is taken by somebody else; clients read the new one from addresses.json.
            server = self._server(names)
            port = await server.start(0)
        self._started.append(server)
        self._servers[port] = server
        await self._floor.remember(f"port.{group}", str(port))
        for name in names:
            self._lines[name] = (names, port)
            self.addresses[name] = _with_port(self._declarations[name].address, port)

    def _hang_up(self, instrument: str) -> None:
        """Disconnect everybody from an instrument (and from those behind the same port) for a while."""
        task = asyncio.create_task(self._be_deaf(*self._lines[instrument]), name=f"{instrument} is deaf")
        self._deaf.add(task)
        task.add_done_callback(self._deaf.discard)

    async def _be_deaf(self, names: list[str], port: int) -> None:
        server = self._servers.pop(port, None)
        if server is None:
            return
        self._started.remove(server)
        await server.close()
        await asyncio.sleep(DEAF)
        fresh = self._servers[port] = self._server(names)
        await fresh.start(port)
        self._started.append(fresh)

    async def _take_hands(self) -> None:
        """Listen for the hands of the simulated person, where there is something to load."""
        if not self._hands.trays:
            return
        hands = HandsServer(self._hands)
        try:
            port = await hands.start(int(self._floor.world.fact(f"port.{HANDS}") or 0))
        except OSError:
            port = await hands.start(0)
        self._started.append(hands)
        await self._floor.remember(f"port.{HANDS}", str(port))
        self.addresses[HANDS] = f"tcp://127.0.0.1:{port}"

    def _server(self, names: list[str]) -> Server:
        driver = self._declarations[names[0]].driver
        if driver in KINDS:
            units = self._numbered(names, "unit", 247).items()
            kinds = {name: KINDS[self._declarations[name].driver] for name in names}
            return ModbusServer(self._floor, {number: Unit(name, *kinds[name]) for number, name in units})
        if driver in DIALECTS:
            return ScpiServer(self._floor, self._numbered(names, "slot", 99), DIALECTS[driver])
        if driver in FACES:
            return OpcuaServer(self._floor, names[0], FACES[driver])
        return ChannelAccessServer(self._floor, names[0], self._declarations[names[0]].address, TEXTS[driver])

    def _numbered(self, names: list[str], what: str, most: int) -> dict[int, str]:
        """The instruments of one server by the number in their addresses."""
        numbered: dict[int, str] = {}
        for name in names:
            text = parse_qs(urlsplit(self._declarations[name].address).query).get(what, ["1"])[0]
            number = int(text) if text.isdecimal() else 0
            if not 1 <= number <= most:
                raise WorldError(f"{name} has the {what} {text}; it must be a number from 1 to {most}.")
            if number in numbered:
                raise WorldError(f"{name} and {numbered[number]} have the same {what} {number} on one port.")
            numbered[number] = name
        return numbered


_SHARED: Mapping[str, str] = {**dict.fromkeys(KINDS, "modbus"), "scpi_lamp": "scpi_lamp"}
"""Driver name → what such instruments share a server with, at one declared port."""


def _group(name: str, declaration: InstrumentDeclaration) -> str:
    shared = _SHARED.get(declaration.driver)
    return f"{shared}-{urlsplit(declaration.address).port}" if shared else name


def _with_port(address: str, port: int) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()
