"""The liquid handler on OPC UA."""

import json
from collections.abc import Mapping, Sequence

from ophyd_async.core import soft_signal_r_and_setter

from instruments.devices.backend import readable, writable
from instruments.devices.device import DeviceSetup, WireDevice
from instruments.errors import TransportError
from instruments.programs import Answer, Program, StartCode, TokenState, start_code, token_state
from lab_agents.records.stock import volumes_text

STOCK = "stock "
"""Begins the signal of a bottle's content."""


class OpcUaHandler(WireDevice):
    """Empties a vial's place, takes a new vial and adds every volume of a mixture: one program.

    After a mix `vial`, `delivered` and `deviation` are read: what the handler believes to have delivered of each stock
    and one standard deviation of it, both as `stock:µL;…`. `flagged` lists the stocks (`one;other`) whose transfer its
    pressure sensor found wrong. `stocks` and `tips` are what is left on its deck.
    """

    halt_signal = ("Halt", 1.0)

    def __init__(self, setup: DeviceSetup) -> None:
        super().__init__(setup)
        with self.add_children_as_readables():
            self.vial, self._set_vial = soft_signal_r_and_setter(str)
            self.delivered, self._set_delivered = soft_signal_r_and_setter(str)
            self.deviation, self._set_deviation = soft_signal_r_and_setter(str)
            self.flagged, self._set_flagged = soft_signal_r_and_setter(str)
        self.status = readable(int, self.connection, "Status")
        self.stocks = readable(str, self.connection, "Stocks")
        self.tips = readable(int, self.connection, "Tips")
        self.end = writable(int, self.connection, "Halt")
        self.set_name(setup.name)

    async def look(self, signal: str) -> float:
        """Read a number: besides the wire's own signals `tips`, and µL of a stock as `stock NAME`."""
        if not signal.startswith(STOCK):
            return await super().look("Tips" if signal == "tips" else signal)
        told = str(await self.connection.read("Stocks"))
        try:
            return float(json.loads(told)[signal.removeprefix(STOCK)])
        except (ValueError, KeyError, TypeError) as error:
            raise TransportError(f"{self.name} tells nothing of {signal}: {told[:200]!r}") from error

    async def send(self, program: Program) -> StartCode:
        """One method call, which answers with the verdict."""
        arguments = program.arguments
        call = (program.token, str(program.epoch), str(arguments["vial"]), str(arguments["volumes"]))
        await self.connection.write("Mix", call)
        return start_code(self.name, float(str(await self.connection.read("verdict"))))

    async def ask(self, program: Program) -> Answer:
        """One method call; its detail is what was mixed."""
        answer = await self.connection.read("Ask", program.token)
        if isinstance(answer, str) or not isinstance(answer, Sequence) or len(answer) != 2:
            raise TransportError(f"{self.name} answers {answer!r} about a token")
        state = token_state(self.name, float(answer[0]))
        return Answer(state, self._read(str(answer[1])) if state is TokenState.DONE else {})

    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the mixture readable."""
        self._set_vial(str(program.arguments["vial"]))
        self._set_delivered(str(answer.readings["delivered"]))
        self._set_deviation(str(answer.readings["deviation"]))
        self._set_flagged(str(answer.readings["flagged"]))

    def _read(self, detail: str) -> Mapping[str, str]:
        try:
            told = json.loads(detail)
            flagged = ";".join(str(stock) for stock in told["flagged"])
            return {**{name: volumes_text(told[name]) for name in ("delivered", "deviation")}, "flagged": flagged}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TransportError(f"{self.name} answers {detail[:200]!r} about a mixture") from error
