"""OPC UA: methods and variables of the sample robot and the liquid handler."""

import asyncio
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard, cast

from asyncua import ua
from asyncua.common.callback import CallbackType, ServerItemCallback
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.status_codes import StatusCodes

from lab_agents.listening import stop_accepting
from simulators.errors import SimulatorError
from simulators.floor import Floor
from simulators.instruments.liquid_handler import LiquidHandler
from simulators.instruments.program import Model, Order
from simulators.instruments.robot import Robot
from simulators.servers.ports import check_free, free_port
from simulators.servers.small_address_space import SmallInternalServer
from simulators.world.things import Things
from simulators.world_state import Program, TokenState

_log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Face:
    """How one kind of instrument shows itself.

    Attributes:
        name: Of its object; its namespace is `urn:lab-agents:` and the name in lower case.
        method: That starts a program.
        command: Of that program.
        texts: What the method takes besides token and epoch.
        detail: What `Ask` tells of a known program.
        seen: Variables that its sensors fill.
    """

    name: str
    method: str
    command: str
    texts: tuple[str, ...]
    detail: Callable[[Program], str]
    seen: Callable[[Model, Things], Mapping[str, str | int]]

    @property
    def namespace(self) -> str:
        """The namespace's URI."""
        return f"urn:lab-agents:{self.name.lower()}"


def _carried(program: Program) -> str:
    return f"{program.details['source']} to {program.details['target']}"


def _mixed(program: Program) -> str:
    """What the handler believes that it did; nothing before it is done."""
    if program.state is not TokenState.DONE:
        return ""
    details = program.details
    stocks = cast(list[str], details["stocks"])
    numbers = {name: cast(list[float], details[name]) for name in ("reported", "deviation")}
    told = {name: dict(zip(stocks, (round(v, 3) for v in values), strict=True)) for name, values in numbers.items()}
    return json.dumps({"delivered": told["reported"], "deviation": told["deviation"], "flagged": details["flagged"]})


def _places(model: Model, things: Things) -> Mapping[str, str | int]:
    return {"Places": json.dumps(cast(Robot, model).sensors(things))}


def _deck(model: Model, things: Things) -> Mapping[str, str | int]:
    handler = cast(LiquidHandler, model)
    left = {name: round(amount, 1) for name, amount in handler.left(things).items()}
    return {"Stocks": json.dumps(left), "Tips": handler.tips_left(things)}


FACES: Mapping[str, Face] = {
    "opcua_robot": Face("Robot", "Transfer", "transfer", ("source", "target"), _carried, _places),
    "opcua_handler": Face("Handler", "Mix", "mix", ("vial", "volumes"), _mixed, _deck),
}
"""Driver name → what its server shows."""


class OpcuaServer:
    """The server of one instrument."""

    def __init__(self, floor: Floor, instrument: str, face: Face) -> None:
        self._floor, self._instrument, self._face = floor, instrument, face
        self._firmware = floor.instruments[instrument]
        self._server: Server | None = None
        self._variables: dict[str, Node] = {}
        self._shown: dict[str, str | int] = {}
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
            # Whoever is let in after asyncua has hung up on all others would be waited for until it leaves by itself.
            listening = self._server.bserver and self._server.bserver._server  # noqa: SLF001 - shown nowhere else
            if isinstance(listening, asyncio.Server):
                await stop_accepting(*listening.sockets)
            await self._server.stop()
            self._server = None

    async def _populate(self, server: Server) -> None:
        face, index = self._face, await server.register_namespace(self._face.namespace)
        thing = await server.nodes.objects.add_object(index, face.name)
        text, number = ua.VariantType.String, ua.VariantType.Int64
        takes = [_argument("token", text), _argument("epoch", number), *(_argument(t, text) for t in face.texts)]
        await thing.add_method(index, face.method, self._begin, takes, [_argument("error", number)])
        await thing.add_method(
            index, "Ask", self._ask, [_argument("token", text)], [_argument("state", number), _argument("detail", text)]
        )
        seen = face.seen(self._firmware.model, self._firmware.things)
        for name, value in {"Status": 0, "Halt": 0, "Token": "", **seen}.items():
            self._variables[name] = await thing.add_variable(index, name, value, _kind(value))
        await self._variables["Halt"].set_writable()

    async def _begin(self, parent: ua.NodeId, *arguments: ua.Variant) -> ua.StatusCode | list[ua.Variant]:
        values = [a.Value for a in arguments]
        token, epoch, texts = (
            (*values[:2], values[2:]) if len(values) == 2 + len(self._face.texts) else (None, None, [])
        )
        if not (is_token(token) and isinstance(epoch, int) and all(isinstance(text, str) for text in texts)):
            return _bad(StatusCodes.BadInvalidArgument)
        order = Order(token, epoch, self._face.command, dict(zip(self._face.texts, texts, strict=True)))
        try:
            error = await self._floor.start(self._instrument, order)
        except (OSError, SimulatorError):
            _log.exception("%s could not execute %s", self._instrument, self._face.command)
            return _bad(StatusCodes.BadInternalError)
        await self._refresh()
        return [ua.Variant(int(error), ua.VariantType.Int64)]

    async def _ask(self, parent: ua.NodeId, *arguments: ua.Variant) -> ua.StatusCode | list[ua.Variant]:
        token = arguments[0].Value if len(arguments) == 1 else None
        if not is_token(token):
            return _bad(StatusCodes.BadInvalidArgument)
        program = self._firmware.ask(token)
        state = program.state if program else TokenState.NEVER_SEEN
        detail = self._face.detail(program) if program else ""
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
        seen = self._face.seen(self._firmware.model, self._firmware.things)
        running = self._firmware.running
        token = running.token if running else ""
        for name, value in {"Status": int(running is not None), "Token": token, **seen}.items():
            # Every change of the world is a reason to look, and few of them are this instrument's.
            if self._shown.get(name) != value:
                self._shown[name] = value
                await self._variables[name].write_value(value, _kind(value))


def _kind(value: str | int) -> ua.VariantType:
    return ua.VariantType.String if isinstance(value, str) else ua.VariantType.Int64


def _argument(name: str, kind: ua.VariantType) -> ua.Argument:
    return ua.Argument(Name=name, DataType=ua.NodeId(ua.Int32(kind.value)), ValueRank=-1)


def _bad(code: int) -> ua.StatusCode:
    return ua.StatusCode(ua.UInt32(code))


def is_token(value: object) -> TypeGuard[str]:
    """Whether a value off the wire is a token: 16 hexadecimal digits in lower case."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
