"""What every instrument on SCPI has in common: one line starts a program, lists of numbers are what it recorded."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from ophyd_async.core import Array1D

from instruments.devices.device import WireDevice
from instruments.errors import MissingDataError, TransportError
from instruments.programs import Answer, Program, StartCode, start_code, token_state

Numbers = Array1D[np.float64]


class ScpiDevice(WireDevice):
    """A program-holding instrument on SCPI, lines as in docs/instruments-wire.md.

    Attributes:
        program: Header of its program.
        asks: The program's set-points, in the order of the line.
        lists: Signals of the lists that it recorded; all of one length.
    """

    program: str
    asks: tuple[str, ...]
    lists: tuple[str, ...]

    @abstractmethod
    async def show(self, program: Program, lists: Sequence[Numbers]) -> None:
        """Make what was recorded readable."""

    async def send(self, program: Program) -> StartCode:
        """One line; then the error queue of the same connection."""
        numbers = ",".join(repr(float(program.arguments[name])) for name in self.asks)
        await self.connection.write(f"{self.program}:START", f'"{program.token}",{program.epoch},{numbers}')
        return start_code(self.name, float(str(await self.connection.read("verdict"))))

    async def ask(self, program: Program) -> Answer:
        """The token's state; what was recorded is read once, at the end."""
        state = await self.connection.read(f"{self.program}:STATE", program.token)
        return Answer(token_state(self.name, float(str(state))))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Read what was recorded, and make it readable.

        Raises:
            MissingDataError: If the instrument does not hold it any more, or not all of it.
        """
        lists = [self.numbers(await self.connection.read(signal, program.token)) for signal in self.lists]
        if not lists[0].size or any(len(found) != len(lists[0]) for found in lists):
            held = ", ".join(f"{len(found)} of {signal}" for signal, found in zip(self.lists, lists, strict=True))
            raise MissingDataError(
                f"{self.name} is done with token {program.token} and holds {held}. Measure the sample again.",
                repeatable=self.traits.repeatable,
            )
        await self.show(program, lists)

    def numbers(self, value: object) -> Numbers:
        """A list of numbers off the wire.

        Raises:
            TransportError: If it is none.
        """
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise TransportError(f"{self.name} answers {value!r}, which is no list of numbers")
        return np.array(value, dtype=np.float64)
