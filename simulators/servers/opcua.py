"""OPC UA: the sample robot's methods and variables."""

import asyncio
import json
import logging
import re
from typing import TypeGuard, cast

from asyncua import ua
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.status_codes import StatusCodes

from simulators.errors import SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Order
from simulators.instruments.robot import Robot
from simulators.servers.ports import check_free, free_port
from simulators.servers.small_address_space import SmallInternalServer
from simulators.world_state import TokenState

_log = logging.getLogger(__name__)

NAMESPACE = "urn:lab-agents:robot"
_TOKEN = re.compile(r"[0-9a-f]{16}")


class OpcuaServer:
    """The server of one robot."""

    def __init__(self, floor: Floor, instrument: str) -> None:
        self._floor, self._instrument = floor, instrument
        self._firmware = floor.instruments[instrument]
        self._robot = cast(Robot, self._firmware.model)
        self._server: Server | None = None
        self._variables: dict[str, Node] = {}
        self._refreshes: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on `port` of loopback, 0 for any."""
        port = port or free_port()
        check_free(port)
        server = Server(SmallInternalServer())
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/{self._instrument}")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        await self._populate(server)
        server.subscribe_server_callback(CallbackType.PostWrite, self._written)
        await self._refresh()
        await server.start()
        self._server = server
        self._floor.listen(self._changed)
        return port

    async def close(self) -> None:
        """Stop listening and hang up."""
        for refresh in tuple(self._refreshes):
            refresh.cancel()
        await asyncio.gather(*self._refreshes, return_exceptions=True)
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def _populate(self, server: Server) -> None:
        index = await server.register_namespace(NAMESPACE)
        robot = await server.nodes.objects.add_object(index, "Robot")
        text, number = ua.VariantType.String, ua.VariantType.Int64
        await robot.add_method(
            index,
            "Transfer",
            self._transfer,
            [
                _argument("token", text),
                _argument("epoch", number),
                _argument("source", text),
                _argument("target", text),
            ],
            [_argument("error", number)],
        )
        await robot.add_method(
            index, "Ask", self._ask, [_argument("token", text)], [_argument("state", number), _argument("detail", text)]
        )
        for name, kind, value in (
            ("Status", number, 0),
            ("Halt", number, 0),
            ("Token", text, ""),
            ("Places", text, ""),
        ):
            self._variables[name] = await robot.add_variable(index, name, value, kind)
        await self._variables["Halt"].set_writable()

    async def _transfer(self, parent: ua.NodeId, *arguments: ua.Variant) -> ua.StatusCode | list[ua.Variant]:
        token, epoch, source, target = (a.Value for a in arguments) if len(arguments) == 4 else (None,) * 4
        if not (is_token(token) and isinstance(epoch, int) and isinstance(source, str) and isinstance(target, str)):
            return _bad(StatusCodes.BadInvalidArgument)
        order = Order(token, epoch, "transfer", {"source": source, "target": target})
        try:
            error = await self._floor.start(self._instrument, order)
        except (OSError, SimulatorError):
            _log.exception("%s could not execute a transfer", self._instrument)
            return _bad(StatusCodes.BadInternalError)
        await self._refresh()
        return [ua.Variant(int(error), ua.VariantType.Int64)]

    async def _ask(self, parent: ua.NodeId, *arguments: ua.Variant) -> ua.StatusCode | list[ua.Variant]:
        token = arguments[0].Value if len(arguments) == 1 else None
        if not is_token(token):
            return _bad(StatusCodes.BadInvalidArgument)
        program = self._firmware.ask(token)
        state = program.state if program else TokenState.NEVER_SEEN
        detail = f"{program.details['source']} to {program.details['target']}" if program else ""
        return [ua.Variant(int(state), ua.VariantType.Int64), ua.Variant(detail, ua.VariantType.String)]

    async def _written(self, event: ServerItemCallback, service: object) -> None:
        halt = self._variables["Halt"].nodeid
        for write in event.request_params.NodesToWrite:
            if event.is_external and write.NodeId == halt and write.Value.Value.Value == 1:
                await self._floor.halt(self._instrument)
                await self._refresh()

    def _changed(self) -> None:
        refresh = asyncio.get_running_loop().create_task(self._refresh())
        self._refreshes.add(refresh)
        refresh.add_done_callback(self._refreshes.discard)

    async def _refresh(self) -> None:
        places = json.dumps(self._robot.sensors(self._floor.world.things))
        running = self._firmware.running
        token = running.token if running else ""
        for name, value in (("Status", int(running is not None)), ("Token", token), ("Places", places)):
            kind = ua.VariantType.Int64 if name == "Status" else ua.VariantType.String
            await self._variables[name].write_value(value, kind)


def _argument(name: str, kind: ua.VariantType) -> ua.Argument:
    return ua.Argument(Name=name, DataType=ua.NodeId(ua.Int32(kind.value)), ValueRank=-1)


def _bad(code: int) -> ua.StatusCode:
    return ua.StatusCode(ua.UInt32(code))


def is_token(value: object) -> TypeGuard[str]:
    """Whether a value off the wire is a token: 16 hexadecimal digits in lower case."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
