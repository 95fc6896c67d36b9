"""An agent's devices in one event loop, and a RunEngine for each instrument that acts."""

import asyncio
import inspect
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from instruments.addresses import parse_address
from instruments.devices.device import DeviceSetup, ProgramDevice
from instruments.documents import DocumentFiles
from instruments.drivers import load_driver, load_object
from instruments.errors import DriverError
from instruments.motions import MotionBoard
from instruments.plan_runner import EngineSetup, PlanRunner, Surroundings
from instruments.protocols import Intents
from lab_agents.clock import Clock

T = TypeVar("T")

LEAVE_AGAIN = 0.1
"""Wall seconds after which a task that was cancelled and goes on is cancelled again."""


class Rig:
    """Devices, their loop, and the RunEngines that share it.

    Instruments work at the same time, so each has a RunEngine of its own; all but the first are made when they are
    first needed, because most agents drive one instrument.

    Args:
        setup: What it drives.
        intents: Where actuations are written down.
        clock: Laboratory time; lives in `agent_loop`.
        agent_loop: The agent's event loop.
        board: Where motions are shown.
    """

    def __init__(
        self,
        setup: EngineSetup,
        intents: Intents,
        clock: Clock,
        agent_loop: asyncio.AbstractEventLoop,
        board: MotionBoard,
    ) -> None:
        self._setup = setup
        self._names = setup.laboratory.agents[setup.agent].instruments
        files = DocumentFiles(setup.documents)
        files.close_interrupted("the process that ran it ended")
        files.close()
        self._load_devices()
        devices: dict[str, ProgramDevice] = {}
        self.devices: Mapping[str, ProgramDevice] = devices
        self._around = Surroundings(setup, intents, clock, agent_loop, board, devices)
        self._first = PlanRunner(self._around)
        self._runners: dict[str, PlanRunner] = dict.fromkeys(self._names[:1], self._first)
        self._making = threading.Lock()
        devices.update((name, self._make_device(name)) for name in self._names)

    def submit(self, request: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the loop of the devices."""
        return self._first.submit(request)

    def runner(self, instrument: str) -> PlanRunner:
        """What runs the acts of an instrument; called in the thread that will run them."""
        with self._making:
            if instrument not in self._runners:
                self._runners[instrument] = PlanRunner(self._around, self._first.loop)
            return self._runners[instrument]

    def close(self) -> None:
        """End the plans in hand; their instruments go on with what they execute."""
        for runner in self._all():
            runner.close()

    def end(self) -> None:
        """Let go of every device, close the documents and end the loop; no plan may run any more.

        A plan that still ran would ask its instrument again, over a new connection that nobody closes.
        """
        for device in self.devices.values():
            self.submit(device.disconnect()).result()
        for runner in self._all():
            runner.documents.close()
        loop = self._first.loop
        thread = self.submit(_leave_nothing()).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _all(self) -> tuple[PlanRunner, ...]:
        with self._making:
            return tuple({self._first, *self._runners.values()})

    def _load_devices(self) -> None:
        """Import the device classes: before the RunEngine, which notes the versions of what is loaded."""
        declared = [self._setup.laboratory.instruments[name] for name in self._names]
        for declaration in declared:
            prepare = load_driver(declaration.driver).prepare
            if prepare is not None:
                prepare(parse_address(declaration.address))
        for declaration in declared:
            load_object(load_driver(declaration.driver).device)

    def _make_device(self, name: str) -> ProgramDevice:
        declaration = self._setup.laboratory.instruments[name]
        driver = load_driver(declaration.driver)
        setup = DeviceSetup(name, declaration, driver, self._setup.settings)
        # Made here, not in the RunEngine's loop: client libraries are imported now, which takes their time.
        device = load_object(driver.device)(setup)
        if not isinstance(device, ProgramDevice):
            raise DriverError(f"The driver {driver.name} makes {type(device).__name__}, which is no ProgramDevice.")
        device.runner.watcher, device.runner.clock = self._around.board, self._around.clock
        # A RunEngine stops every device that a plan has set, also at a good plan's end: the `stop` of a lab's own class
        # may end a program, and only `halt` may do that.
        is_async = inspect.iscoroutinefunction(getattr(device, "stop", None))
        object.__setattr__(device, "stop", _end_nothing_later if is_async else _end_nothing)
        return device


def _end_nothing(*, success: bool = True) -> None:
    """What a RunEngine calls instead of a classic device's own `stop`."""


async def _end_nothing_later(success: bool = True) -> None:
    """The same for an ophyd-async device, whose `stop` is awaited."""


async def _leave_nothing() -> threading.Thread:
    """Cancel all other tasks of the running loop; the thread that it runs in."""
    # Again and again: a task whose own wait ends in the same turn swallows a cancellation.
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in tasks:
            task.cancel()
        ended, _ = await asyncio.wait(tasks, timeout=LEAVE_AGAIN)
        await asyncio.gather(*ended, return_exceptions=True)
    # Closed transports let go of their sockets in the loop's next turns.
    for _ in range(3):
        await asyncio.sleep(0)
    return threading.current_thread()
