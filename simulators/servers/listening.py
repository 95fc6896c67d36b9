"""All servers of a laboratory: which protocol on which port, and the addresses that clients use."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from lab_agents.records.laboratory import Laboratory
from simulators.errors import WorldError
from simulators.floor import Floor
from simulators.installation import is_simulated
from simulators.servers.channel_access import ChannelAccessServer
from simulators.servers.modbus import KINDS, ModbusServer, Unit
from simulators.servers.opcua import OpcuaServer
from simulators.servers.scpi import ScpiServer


class Server(Protocol):
    """One listening end."""

    async def start(self, port: int) -> int:
        """Listen on `port` (0 for any) of loopback; return the port."""
        ...

    async def close(self) -> None:
        """Stop listening and hang up."""
        ...


class Servers:
    """The servers of a laboratory's simulated instruments; Modbus units with one declared port share a server.

    Where the lab file says port 0, the port chosen once is asked for again at the next start.
    """

    def __init__(self, laboratory: Laboratory, floor: Floor) -> None:
        self._floor = floor
        self._declarations = {n: d for n, d in laboratory.instruments.items() if is_simulated(n, d)}
        self._started: list[Server] = []
        self.addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Start them all.

        Raises:
            WorldError: If an address cannot be meant, or a declared port is taken.
        """
        groups: dict[str, list[str]] = {}
        for name, declaration in self._declarations.items():
            shared = f"modbus-{urlsplit(declaration.address).port}" if declaration.driver in KINDS else name
            groups.setdefault(shared, []).append(name)
        for group, names in groups.items():
            await self._start(group, names)

    async def close(self) -> None:
        """Stop them all."""
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
        await self._floor.remember(f"port.{group}", str(port))
        for name in names:
            self.addresses[name] = _with_port(self._declarations[name].address, port)

    def _server(self, names: list[str]) -> Server:
        driver = self._declarations[names[0]].driver
        if driver in KINDS:
            return ModbusServer(self._floor, self._units(names))
        return _MAKERS[driver](self._floor, names[0], self._declarations[names[0]].address)

    def _units(self, names: list[str]) -> dict[int, Unit]:
        units: dict[int, Unit] = {}
        for name in names:
            declaration = self._declarations[name]
            text = parse_qs(urlsplit(declaration.address).query).get("unit", ["1"])[0]
            number = int(text) if text.isdecimal() else 0
            if not 1 <= number <= 247:
                raise WorldError(f"{name} has the unit {text}; a Modbus unit is a number from 1 to 247.")
            if number in units:
                raise WorldError(f"{name} and {units[number].instrument} have the same unit {number} on one port.")
            units[number] = Unit(name, *KINDS[declaration.driver])
        return units


_MAKERS: Mapping[str, Callable[[Floor, str, str], Server]] = {
    "epics_dispenser": ChannelAccessServer,
    "opcua_robot": lambda floor, name, _: OpcuaServer(floor, name),
    "scpi_tester": lambda floor, name, _: ScpiServer(floor, name),
}
"""Driver name → server of one instrument at an address."""


def _with_port(address: str, port: int) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()
