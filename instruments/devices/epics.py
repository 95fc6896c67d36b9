"""What every instrument on EPICS Channel Access has in common: a classic ophyd device, one text starts a program."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeVar

from epics import ca

if ca.libca is not None and ca.current_context() is None:
    # ophyd takes the context of the thread that imports it, and crashes where that has none although libca is loaded.
    ca.use_initial_context()

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO
from ophyd.status import DeviceStatus
from ophyd.utils.errors import OpException

from instruments.addresses import parse_address
from instruments.devices.device import DeviceSetup
from instruments.errors import TransportError
from instruments.hardware_limits import tighten_limits
from instruments.programs import Answer, Program, StartCode, TokenState, start_code, token_state
from instruments.running import ProgramRunner
from instruments.transports.blocking import ClientThread

T = TypeVar("T")

_HASTE = 0.9
"""Each blocking call's share of the time limit for a request."""

_NOBODY = "0" * 16
"""What `LAST_TOKEN` shows while the verdict changes."""

SEARCH = 10.0
"""Seconds (wall) for which a first connection is waited for: a search that a busy server missed is repeated at growing
intervals, the fourth time after two seconds."""


class EpicsDevice(Device):  # type: ignore[misc]
    """A program-holding instrument on Channel Access, process variables as in docs/instruments-wire.md.

    Blocking calls run in a thread of its own: in the RunEngine's loop they would delay an abort by as long as they
    block. `stop` never ends a program.

    Attributes:
        numbers: Process variables that may be looked at, and the components behind them.
        told: Words of `ANSWER` about a program that is done.
    """

    numbers: Mapping[str, str] = {"STATUS": "status", "ERROR": "error"}
    told: Mapping[str, tuple[str, ...]] = {}

    program = Component(EpicsSignal, "PROGRAM", string=True, put_complete=True, auto_monitor=False, kind="omitted")
    asking = Component(EpicsSignal, "ASK", string=True, put_complete=True, auto_monitor=False, kind="omitted")
    answer = Component(EpicsSignalRO, "ANSWER", string=True, auto_monitor=False, kind="omitted")
    error = Component(EpicsSignalRO, "ERROR", auto_monitor=False, kind="omitted")
    last_token = Component(EpicsSignalRO, "LAST_TOKEN", string=True, auto_monitor=False, kind="omitted")
    status = Component(EpicsSignalRO, "STATUS", auto_monitor=False, kind="omitted")
    end = Component(EpicsSignal, "HALT", put_complete=True, auto_monitor=False, kind="omitted")

    def __init__(self, setup: DeviceSetup) -> None:
        self._setup, self.traits = setup, setup.driver.traits
        self.runner = ProgramRunner(setup.name, setup.declaration, self, setup.pace)
        self._thread = ClientThread(setup.name)
        self.limit = setup.settings.request * _HASTE
        super().__init__(parse_address(setup.declaration.address).path, name=setup.name)

    def set(self, value: Program) -> DeviceStatus:
        """Start a program; done when it has ended and its results can be read. Called in the RunEngine's loop."""
        # The status needs no time limit of its own: the runner ends every wait, at the latest when patience ends.
        status = DeviceStatus(self)
        running = asyncio.get_running_loop().create_task(self._run(value))

        def finish(done: asyncio.Task[None]) -> None:
            error = None if done.cancelled() else done.exception()
            if isinstance(error, Exception) or done.cancelled():
                status.set_exception(error or RuntimeError(f"{self.name}: the wait for {value.command} was cancelled"))
            else:
                status.set_finished()

        running.add_done_callback(finish)
        return status

    async def connect_wire(self) -> None:
        """Wait until every process variable is connected; narrow the hardware's limits to those of the lab file."""
        patience = max(self.limit, SEARCH)
        await self.call("connecting", lambda: self.wait_for_connection(timeout=patience))
        await tighten_limits(self.name, self._setup.declaration, self._setup.driver, self.look, self._limit_to)

    async def send(self, program: Program) -> StartCode:
        """One put of one text; then its verdict, which belongs to it where its token is shown before and after."""
        words = [f"token={program.token}", f"epoch={program.epoch}", f"command={program.command}"]
        words += self.words(program)
        await self.call("connecting", lambda: self.program.wait_for_connection(timeout=self.limit))
        try:
            return await self.call("starting", lambda: self._send(program.token, " ".join(words)))
        except TransportError as error:
            raise TransportError(str(error), sent=True) from error

    async def ask(self, program: Program) -> Answer:
        """Put the token, get the answer."""
        text = await self.call("asking", lambda: self._ask(program.token))
        words = dict(word.split("=", 1) for word in text.split(" "))
        try:
            state = token_state(self.name, int(words["state"]))
            told = self.told.get(program.command, ()) if state is TokenState.DONE else ()
            return Answer(state, {name: float(words[name]) for name in told})
        except (KeyError, ValueError) as error:
            raise TransportError(f"{self.name} answers {text!r} about a token") from error

    @abstractmethod
    def words(self, program: Program) -> list[str]:
        """The program's set-points, each as `name=value`."""

    @abstractmethod
    async def keep(self, program: Program, answer: Answer) -> None:
        """Make the results of an ended program readable."""

    async def look(self, signal: str) -> float:
        """Read a number, by the name of its process variable."""
        if signal not in self.numbers:
            raise TransportError(f"{self.name} has no number {signal} to read")
        variable = getattr(self, self.numbers[signal])
        return await self.call(f"reading {signal}", lambda: float(variable.get(timeout=self.limit)))

    async def _limit_to(self, signal: str, value: float) -> None:
        limit = getattr(self, self.numbers[signal])
        await self.call(f"writing {signal}", lambda: limit.set(value, timeout=self.limit).wait(timeout=self.limit))

    async def halt(self) -> None:
        """End the running program now."""
        await self.call("halting", lambda: self.end.set(1, timeout=self.limit).wait(timeout=self.limit))

    def stop(self, *, success: bool = False) -> None:
        """Do nothing, on purpose: a RunEngine calls it at the end of every plan."""

    async def disconnect(self) -> None:
        """Let the process variables go."""
        await self.call("disconnecting", self.destroy)
        self._thread.end()

    async def _run(self, program: Program) -> None:
        answer = await self.runner.run(program)
        await self.runner.patiently(program, lambda: self.keep(program, answer))

    async def call(self, what: str, work: Callable[[], T]) -> T:
        """Run blocking requests in the device's own thread; `what` names them in an error.

        Raises:
            TransportError: If the instrument does not answer, or its circuit broke meanwhile.
        """
        try:
            return await self._thread.call(work)
        except (TimeoutError, OpException, ca.ChannelAccessException, ca.ChannelAccessGetFailure) as error:
            raise TransportError(f"{self.name} at {self.prefix} did not answer {what}: {error}") from error

    def _send(self, token: str, text: str) -> StartCode:
        self.program.set(text, timeout=self.limit).wait(timeout=self.limit)
        self._await_verdict(token)
        error = int(self.error.get(timeout=self.limit))
        self._await_verdict(token)
        return start_code(self.name, error)

    def _await_verdict(self, token: str) -> None:
        """Return when `ERROR` is about `token`; there is one verdict for all clients, and the last start's is shown."""
        until = time.monotonic() + self.limit
        while (shown := str(self.last_token.get(timeout=self.limit))) != token:
            if shown != _NOBODY:
                raise TransportError(
                    f"{self.name} shows the verdict on {shown}: another client was faster than {token}"
                )
            if time.monotonic() > until:
                raise TimeoutError(f"the verdict on {token} did not come")

    def _ask(self, token: str) -> str:
        until = time.monotonic() + self.limit
        while True:
            self.asking.set(token, timeout=self.limit).wait(timeout=self.limit)
            text = str(self.answer.get(timeout=self.limit))
            if text.startswith(f"token={token} "):
                return text
            # Another client asked between our put and our get: there is one answer for all.
            if time.monotonic() > until:
                raise TransportError(f"{self.name} answers {text!r}, asked about {token}")
