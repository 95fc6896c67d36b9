"""The sample robot on OPC UA."""

from collections.abc import Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.backend import readable, writable
from instruments.devices.device import DeviceSetup, WireDevice
from instruments.errors import TransportError
from instruments.programs import Answer, Program, StartCode, start_code, token_state


class OpcUaRobot(WireDevice):
    """Carries samples between places; refuses an empty source and an occupied target by its own sensors.

    After a transfer `source` and `target` are read. `places` is what its sensors see, as JSON.
    """

    halt_signal = ("Halt", 1.0)

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.source, self._set_source = soft_signal_r_and_setter(str)
            self.target, self._set_target = soft_signal_r_and_setter(str)
        self.status = readable(int, self.connection, "Status")
        self.places = readable(str, self.connection, "Places")
        self.end = writable(int, self.connection, "Halt")
        self.set_name(setup.name)

    async def send(self, program: Program) -> StartCode:
        """One method call, which answers with the verdict."""
        arguments = program.arguments
        call = (program.token, str(program.epoch), str(arguments["source"]), str(arguments["target"]))
        await self.connection.write("Transfer", call)
        return start_code(self.name, float(str(await self.connection.read("verdict"))))

    async def ask(self, program: Program) -> Answer:
        """One method call."""
        answer = await self.connection.read("Ask", program.token)
        if isinstance(answer, str) or not isinstance(answer, Sequence) or len(answer) != 2:
            raise TransportError(f"{self.name} answers {answer!r} about a token")
        return Answer(token_state(self.name, float(answer[0])))

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the transfer readable."""
        self._set_source(str(program.arguments["source"]))
        self._set_target(str(program.arguments["target"]))
