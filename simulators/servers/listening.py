"""All servers of a laboratory: which protocol on which port, and the addresses that clients use."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from lab_agents.records.laboratory import Laboratory
from simulators.errors import WorldError
from simulators.floor import Floor
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
    """One server per protocol and port of a laboratory's addresses. A port chosen once is asked for again."""

    def __init__(self, laboratory: Laboratory, floor: Floor) -> None:
        self._laboratory, self._floor = laboratory, floor
        self._started: list[Server] = []
        self.addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Start them all.

        Raises:
            WorldError: If an address cannot be meant.
            OSError: If a declared port is taken.
        """
        groups: dict[str, list[str]] = {}
        for name, declaration in self._laboratory.instruments.items():
            if declaration.driver in KINDS:
                groups.setdefault(f"modbus-{_split(name, declaration.address)[1]}", []).append(name)
            else:
                groups[name] = [name]
        for group, names in groups.items():
            await self._start(group, names)

    async def close(self) -> None:
        """Stop them all."""
        while self._started:
            await self._started.pop().close()

    async def _start(self, group: str, names: list[str]) -> None:
        declarations = self._laboratory.instruments
        server = self._server(names)
        declared = _split(names[0], declarations[names[0]].address)[1]
        port = declared or int(self._floor.world.fact(f"port.{group}") or 0)
        try:
            chosen = await server.start(port)
        except OSError:
            if declared:
                raise
            # The port of the last time is taken by somebody else; clients read the new one from addresses.json.
            chosen = await server.start(0)
        self._started.append(server)
        await self._floor.remember(f"port.{group}", str(chosen))
        for name in names:
            self.addresses[name] = _with_port(declarations[name].address, chosen)

    def _server(self, names: list[str]) -> Server:
        driver = self._laboratory.instruments[names[0]].driver
        if driver in KINDS:
            return ModbusServer(self._floor, self._units(names))
        return _MAKERS[driver](self._floor, names[0], self._laboratory.instruments[names[0]].address)

    def _units(self, names: list[str]) -> dict[int, Unit]:
        units: dict[int, Unit] = {}
        for name in names:
            declaration = self._laboratory.instruments[name]
            number = int(parse_qs(urlsplit(declaration.address).query).get("unit", ["1"])[0])
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


def _split(name: str, address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    if parts.hostname not in ("127.0.0.1", "localhost") or parts.port is None:
        raise WorldError(f"{name}: a simulated instrument listens on 127.0.0.1 only; its address is {address}.")
    return parts.hostname, parts.port


def _with_port(address: str, port: int) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()
