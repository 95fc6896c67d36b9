"""What all Modbus instruments have in common: one block of registers starts a program."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D, SignalW

from instruments.devices.backend import ConnectionBackend, readable, settable, writable
from instruments.devices.device import DeviceSetup, WireDevice
from instruments.errors import TransportError
from instruments.programs import Answer, Program, Reading, StartCode, TokenState, start_code, token_state
from instruments.transports.modbus import float_words, long_words, token_words, words_float, words_token


class ModbusDevice(WireDevice):
    """A program-holding instrument on Modbus TCP, registers as in docs/instruments-wire.md."""

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        self.status = readable(int, self.connection, "status")
        self.error = readable(int, self.connection, "error")
        self.low = settable(float, self.connection, "low")
        self.high = settable(float, self.connection, "high")
        self.end = writable(int, self.connection, "halt")
        self.program: SignalW[Array1D[np.uint16]] = SignalW(
            ConnectionBackend(Array1D[np.uint16], self.connection, "program")
        )
        self.set_name(setup.name)

    @abstractmethod
    def command(self, program: Program) -> tuple[int, int, tuple[float, ...]]:
        """The program's command number, channel and numbers."""

    @abstractmethod
    def results(self, program: Program, numbers: Sequence[float]) -> dict[str, Reading]:
        """What the results of a done program mean, as many as its numbers."""

    async def send(self, program: Program) -> StartCode:
        """One write of all registers; then the verdict, with the token it belongs to."""
        number, channel, floats = self.command(program)
        words = (*token_words(program.token), *long_words(program.epoch), number, channel)
        words += tuple(word for value in floats for word in float_words(value))
        await self.program.set(np.array(words, dtype=np.uint16))
        try:
            verdict = await self.connection.read("verdict")
        except TransportError as error:
            raise TransportError(str(error), sent=True) from error
        numbers = _ints(self.name, verdict)
        token = words_token(numbers[1:5])
        if token != program.token:
            raise TransportError(f"{self.name} answers for token {token}, not {program.token}", sent=True)
        return start_code(self.name, numbers[0])

    async def ask(self, program: Program) -> Answer:
        """State and results in one request: a word of state, one unused, two for each result."""
        words = _ints(self.name, await self.connection.read("answer", program.token))
        state = token_state(self.name, words[0])
        if state is not TokenState.DONE:
            return Answer(state)
        numbers = [words_float(words[first : first + 2]) for first in range(2, len(words), 2)]
        return Answer(state, self.results(program, numbers))


def _ints(name: str, words: object) -> tuple[int, ...]:
    if not isinstance(words, Sequence) or isinstance(words, str):
        raise TransportError(f"{name} answers {words!r}, which is no block of registers", sent=True)
    return tuple(int(word) for word in words)
