"""A wire of paper: answers from a table, keeps what was written, fails when it is told to."""

from dataclasses import replace

from instruments.devices.device import DeviceSetup
from instruments.drivers import driver_names, load_driver
from instruments.errors import TransportError
from instruments.transports.connection import Value
from lab_agents.records.laboratory import Laboratory
from lab_agents.settings import Settings
from tests.simulated_world import laboratory

QUICK = Settings(request=60.0, poll=0.001)
LAB = laboratory()
DRIVERS = {name: load_driver(name) for name in driver_names()}
"""Loaded here: reading entry points would block the tests' event loops."""


class PaperWire:
    """Implements `Wire`.

    Attributes:
        answers: Value of each signal; a list is answered item by item, its last one for ever.
        written: Every write, in order.
        failures: How many of the next requests fail, with a connection that broke.
        opened: How often it was opened.
        is_lost: Whether the connection is known to be lost.
    """

    def __init__(self, **answers: Value | list[Value]) -> None:
        self.answers: dict[str, Value | list[Value]] = dict(answers)
        self.written: list[tuple[str, Value]] = []
        self.failures, self.opened, self.is_lost = 0, 0, False
        self.asked: list[tuple[str, str]] = []

    @property
    def is_open(self) -> bool:
        """Until it is told that the connection was lost."""
        return not self.is_lost

    async def open(self) -> None:
        """Count."""
        self.opened, self.is_lost = self.opened + 1, False

    async def close(self) -> None:
        """Nothing to close."""

    async def read(self, signal: str, token: str) -> Value:
        """Answer from the table."""
        self.asked.append((signal, token))
        self._fail()
        answer = self.answers[signal]
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    async def write(self, signal: str, value: Value) -> None:
        """Keep it, then fail if told to: what was sent may have arrived."""
        self.written.append((signal, value if isinstance(value, str | float | int) else tuple(value)))
        self._fail()

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise TransportError("the wire broke")


def on_paper(instrument: str, wire: PaperWire, lab: Laboratory = LAB) -> DeviceSetup:
    """The set-up of an instrument of a shipped laboratory whose wire is of paper."""
    declaration = lab.instruments[instrument]
    address = declaration.address.replace(":0", ":1502")
    declaration = declaration.model_copy(update={"address": address, "settings": {"patience": 0.05}})
    driver = replace(DRIVERS[declaration.driver], wire=lambda address, limit: wire)
    return DeviceSetup(instrument, declaration, driver, QUICK)
