"""Modbus TCP: the registers of dispensers, coaters and hotplates, several units behind one port."""

import asyncio
import logging
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from lab_agents.listening import stop_accepting
from simulators.errors import ErrorNumber, SimulatorError
from simulators.floor import Floor
from simulators.instruments.program import Order, Sensing
from simulators.world_state import Program, TokenState

_log = logging.getLogger(__name__)

MODEL, STATUS, ERROR, LAST_TOKEN, EPOCH, HALT = 0, 2, 3, 4, 8, 10
ASKED, ANSWER, LIMITS = 20, 24, 40
SENSORS = 60
_SENSED = ("dryness", "door", "extraction", "temperature", "substrates")


@dataclass(frozen=True)
class Unit:
    """What a unit number stands for: an instrument, its model register, its limited set-point, its commands."""

    instrument: str
    model: int
    limited: str
    kind: "Kind"


class Kind(Protocol):
    """How one kind of instrument reads programs and shows results."""

    @property
    def n_numbers(self) -> int:
        """How many floats a program carries; as many are its results."""
        ...

    def order(self, token: str, epoch: int, command: int, channel: int, floats: Sequence[float]) -> Order | None:
        """The order meant, or None if there is no such command."""
        ...

    def results(self, program: Program) -> Sequence[float]:
        """The result floats of a program that is done."""
        ...


class DispenserKind:
    """Commands 1 *new vial*, 2 *dose*; results: reported volume and its deviation, µL."""

    n_numbers = 2

    def order(self, token: str, epoch: int, command: int, channel: int, floats: Sequence[float]) -> Order | None:
        """A new vial or a dose."""
        if command == 1:
            return Order(token, epoch, "new_vial")
        if command == 2:
            return Order(token, epoch, "dose", {"channel": channel, "volume": floats[0]})
        return None

    def results(self, program: Program) -> tuple[float, float]:
        """Zero for a new vial."""
        return _float(program, "reported"), _float(program, "deviation")


@dataclass(frozen=True)
class OneCommand:
    """An instrument whose command 1 takes the set-points `asks` in order, and whose results are the details `tells`."""

    command: str
    asks: tuple[str, ...]
    tells: tuple[str, ...]

    @property
    def n_numbers(self) -> int:
        """As many as set-points."""
        return len(self.asks)

    def order(self, token: str, epoch: int, command: int, channel: int, floats: Sequence[float]) -> Order | None:
        """The one command."""
        if command != 1:
            return None
        return Order(token, epoch, self.command, dict(zip(self.asks, floats, strict=True)))

    def results(self, program: Program) -> tuple[float, ...]:
        """What the instrument's own sensors say."""
        return tuple(_float(program, name) for name in self.tells)


KINDS: Mapping[str, tuple[int, str, Kind]] = {
    "modbus_dispenser": (0x4450, "volume", DispenserKind()),
    # A spinner holds its speed: as ordered.
    "modbus_coater": (0x434F, "speed", OneCommand("coat", ("speed", "duration"), ("speed", "duration"))),
    "modbus_spin_coater": (
        0x5343,
        "speed",
        OneCommand("spin", ("speed", "duration", "delay"), ("speed", "duration", "seen_delay")),
    ),
    "modbus_hotplate": (
        0x4850,
        "temperature",
        OneCommand("anneal", ("temperature", "duration"), ("seen_temperature", "duration")),
    ),
}
"""Driver name → model register, limited set-point, kind."""


class ModbusServer:
    """The server of all Modbus instruments of a laboratory, on one loopback port."""

    def __init__(self, floor: Floor, units: Mapping[int, Unit]) -> None:
        self._floor, self._units = floor, dict(units)
        self._server: _Server | None = None

    async def start(self, port: int) -> int:
        """Listen on `port`, 0 for any.

        Returns:
            The port.

        Raises:
            OSError: If the port is taken.
        """
        self._server = _Server(self._floor, self._units, port)
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            raise OSError(f"port {port} cannot be listened on: {error}") from error
        listening = cast(asyncio.Server, self._server.transport)
        return int(listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            if self._server.transport is not None:
                await stop_accepting(*cast(asyncio.Server, self._server.transport).sockets)
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            for worker in tuple(self._server.workers):
                worker.cancel()
            await asyncio.gather(*self._server.workers, return_exceptions=True)


class _Server(ModbusTcpServer):
    """pymodbus keeps one register table for all clients; here each connection has its own asked token."""

    def __init__(self, floor: Floor, units: Mapping[int, Unit], port: int) -> None:
        # The register table is demanded by the constructor and never used.
        unused = SimDevice(0, simdata=[SimData(0, values=0, datatype=DataType.REGISTERS)])
        super().__init__(unused, address=("127.0.0.1", port))
        self.floor, self.units = floor, units
        self.workers: set[asyncio.Task[None]] = set()

    def callback_new_connection(self) -> ServerRequestHandler:
        """Give a new client its own connection."""
        return _Connection(self)


class _Connection(ServerRequestHandler):
    """One client. Its requests are executed in order, each once, also those that it sent before it hung up."""

    def __init__(self, server: _Server) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]
        self.floor, self.units = server.floor, server.units
        self.asked = "0" * 16
        self._loses_answer = False
        self._requests: asyncio.Queue[ModbusPDU | None] = asyncio.Queue()
        worker = asyncio.get_running_loop().create_task(self._work())
        server.workers.add(worker)
        worker.add_done_callback(server.workers.discard)

    def callback_data(self, data: bytes, addr: tuple[str, int] | None = None) -> int:
        """Take every whole request; pymodbus would take one per packet and forget one that is overtaken."""
        used = 0
        while used < len(data):
            cut = super().callback_data(data[used:], addr)
            if not cut:
                break
            used += cut
            if self.last_pdu:
                self._requests.put_nowait(self.last_pdu)
        return used

    def handle_later(self) -> None:
        """Leave the request to the connection's own queue."""

    def callback_disconnected(self, exc: Exception | None) -> None:
        """Let the queue run dry."""
        super().callback_disconnected(exc)
        self._requests.put_nowait(None)

    async def _work(self) -> None:
        while (request := await self._requests.get()) is not None:
            try:
                response = await self._answer(request)
            except (OSError, SimulatorError):
                _log.exception("Modbus unit %d could not execute a request", request.dev_id)
                response = ExceptionResponse(request.function_code, ExcCodes.DEVICE_FAILURE)
            if self._loses_answer:
                self.close()
                return
            response.transaction_id, response.dev_id = request.transaction_id, request.dev_id
            if self.transport is not None:
                self.server_send(response, None)  # type: ignore[no-untyped-call]

    async def _answer(self, request: ModbusPDU) -> ModbusPDU:
        code, address = request.function_code, request.address
        if (unit := self.units.get(request.dev_id)) is None:
            return ExceptionResponse(code, ExcCodes.GATEWAY_NO_RESPONSE)
        if isinstance(request, ReadHoldingRegistersRequest):
            registers = self._read(unit, address, request.count)
            if registers is None:
                return ExceptionResponse(code, ExcCodes.ILLEGAL_ADDRESS)
            return ReadHoldingRegistersResponse(registers=registers)
        if isinstance(request, WriteMultipleRegistersRequest):
            if not request.count == len(request.registers) <= 0x7B:
                return ExceptionResponse(code, ExcCodes.ILLEGAL_VALUE)
            refusal = await self._write(unit, address, request.registers)
            if refusal is not None:
                return ExceptionResponse(code, refusal)
            return WriteMultipleRegistersResponse(address=address, count=request.count)
        return ExceptionResponse(code, ExcCodes.ILLEGAL_FUNCTION)

    def _read(self, unit: Unit, address: int, count: int) -> list[int] | None:
        blocks = [(MODEL, HALT), (ASKED, ANSWER + 2 + 2 * unit.kind.n_numbers), (LIMITS, LIMITS + 4)]
        if isinstance(self.floor.instruments[unit.instrument].model, Sensing):
            blocks.append((SENSORS, SENSORS + 2 * len(_SENSED)))
        if count < 1 or not any(first <= address and address + count <= last for first, last in blocks):
            return None
        registers = self._registers(unit, senses=address >= SENSORS)
        return [registers.get(i, 0) for i in range(address, address + count)]

    async def _write(self, unit: Unit, address: int, values: Sequence[int]) -> ExcCodes | None:
        """A program, the token asked, a limit, halt: each is one whole write."""
        match address, len(values):
            case (100, n_words) if n_words == 8 + 2 * unit.kind.n_numbers:
                return await self._start(unit, values)
            case (20, 4):
                self.asked = _token(values)
            case (10, 1) if values[0] == 1:
                await self.floor.halt(unit.instrument)
            case (40 | 42, 2):
                return await self._limit(unit, "lower" if address == LIMITS else "upper", _to_float(values))
            case _:
                return ExcCodes.ILLEGAL_ADDRESS
        return None

    async def _start(self, unit: Unit, values: Sequence[int]) -> ExcCodes | None:
        token, epoch = _token(values[0:4]), values[4] << 16 | values[5]
        floats = [_to_float(values[first : first + 2]) for first in range(8, len(values), 2)]
        order = unit.kind.order(token, epoch, values[6], values[7], floats)
        if order is None:
            return ExcCodes.ILLEGAL_VALUE
        number = await self.floor.start(unit.instrument, order)
        accepted = number is ErrorNumber.NONE
        self._loses_answer = accepted and self.floor.instruments[unit.instrument].loses_answer(token)
        return None

    async def _limit(self, unit: Unit, end: str, value: float) -> ExcCodes | None:
        if not math.isfinite(value):
            return ExcCodes.ILLEGAL_VALUE
        await self.floor.set_limit(unit.instrument, unit.limited, end, value)
        return None

    def _registers(self, unit: Unit, *, senses: bool) -> dict[int, int]:
        firmware = self.floor.instruments[unit.instrument]
        last, program = firmware.last, firmware.ask(self.asked)
        limits = firmware.limits[unit.limited]
        registers = {MODEL: unit.model, MODEL + 1: 1, STATUS: int(firmware.running is not None), ERROR: int(last.error)}
        registers |= _at(LAST_TOKEN, struct.pack(">Q", int(last.token, 16)))
        registers |= _at(EPOCH, struct.pack(">I", firmware.epoch))
        registers |= _at(ASKED, struct.pack(">Q", int(self.asked, 16)))
        if program is not None:
            registers[ANSWER] = int(program.state)
            if program.state is TokenState.DONE:
                results = unit.kind.results(program)
                registers |= _at(ANSWER + 2, struct.pack(f">{len(results)}f", *results))
        if senses:
            registers |= _at(SENSORS, struct.pack(f">{len(_SENSED)}f", *(firmware.sense(name) for name in _SENSED)))
        return registers | _at(LIMITS, struct.pack(">ff", limits.lower, limits.upper))


def _at(address: int, data: bytes) -> dict[int, int]:
    words = struct.unpack(f">{len(data) // 2}H", data)
    return {address + i: word for i, word in enumerate(words)}


def _token(words: Sequence[int]) -> str:
    return struct.pack(">4H", *words).hex()


def _to_float(words: Sequence[int]) -> float:
    return float(struct.unpack(">f", struct.pack(">2H", *words))[0])


def _float(program: Program, name: str) -> float:
    value = program.details.get(name, 0.0)
    return float(value) if isinstance(value, int | float) else 0.0
