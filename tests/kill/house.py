"""Several processes of one laboratory in one jumping loop: each dies alone, others go on, and it is started again."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

from lab_agents.bus.memory import MemoryBus, MemoryCarrier
from lab_agents.bus.protocol import Message
from lab_agents.journal import Journal
from tests.kill.loop import PRESENT, Doing, JumpingLoop, Reaper, Waiting, bury, hushed

PAUSE = 0.05
"""Loop seconds between a death and the next life, where nobody else sees to it: a guard looks ten times a second."""

Main = Callable[["Process"], Coroutine[Any, Any, None]]
IsDue = Callable[["Process", object], bool]
"""Whether a process dies at this point of it, which the second argument tells from others."""


class Process(Reaper):
    """One life of a process: what the operating system takes with it, and the points at which it may die."""

    is_alone = True

    def __init__(self, name: str, carrier: MemoryCarrier, number: int, is_due: IsDue) -> None:
        super().__init__()
        self.name, self.number = name, number
        self._carrier, self._is_due = carrier, is_due
        self._at_death: list[Callable[[], None]] = []
        self.context: Context | None = None
        self.gone = asyncio.Event()

    def is_due(self, where: object) -> bool:
        return self._is_due(self, where)

    def keep(self, let_go: Callable[[], None]) -> None:
        """Let something go at this process's end, as the operating system does."""
        self._at_death.append(let_go)

    def die(self) -> None:
        """Be gone; everything that it held is let go. Also called by whoever kills it."""
        if not self.is_dead:
            super().die()
            for let_go in reversed(self._at_death):
                let_go()
            self.gone.set()

    def make_bus(self, will: tuple[str, bytes] | None = None) -> MemoryBus:
        """This process's member of the carrier, joined."""
        bus = _OwnedBus(self, self._carrier, f"{self.name}-{self.number}", will)
        self.keep(bus.kill)
        self._carrier.join(bus)
        return bus

    def open_journal(self, journal: Journal) -> Journal:
        """Its journal, which others may open once it is dead."""
        self.keep(journal.close)
        return journal


class _OwnedBus(MemoryBus):
    """What arrives is handled by the process that subscribed, not by the one that sent."""

    def __init__(self, owner: Process, carrier: MemoryCarrier, name: str, will: tuple[str, bytes] | None) -> None:
        super().__init__(carrier, name, will)
        self._owner = owner

    def hand(self, session: int, message: Message) -> None:
        if not self._owner.is_dead and self._owner.context is not None:
            self._owner.context.copy().run(super().hand, session, message)


class House:
    """All processes of a laboratory, and how often each was born.

    Args:
        carrier: What connects them; it outlives them all.
        is_due: When they die.
    """

    def __init__(self, carrier: MemoryCarrier, is_due: IsDue) -> None:
        self.carrier, self._is_due = carrier, is_due
        self.living: dict[str, Process] = {}
        self.lives: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self._keepers: set[asyncio.Task[None]] = set()
        # Tasks of the dead wait for ever; they are buried with the house, not where they fell.
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, main: Main) -> Process:
        """Begin a life."""
        self.lives[name] += 1
        process = self.living[name] = Process(name, self.carrier, self.lives[name], self._is_due)
        context = process.context = copy_context()
        context.run(PRESENT.set, process)
        self._tasks.append(context.run(asyncio.get_running_loop().create_task, self._live(process, main)))
        return process

    async def _live(self, process: Process, main: Main) -> None:
        try:
            await main(process)
        except Exception as error:  # noqa: BLE001 - a process that ends by itself is looked at when all is over
            self.errors.append(error)
        process.die()

    def keep(self, name: str, main: Main) -> None:
        """Begin a life, and another one after each death, until the end."""
        self._keepers.add(asyncio.get_running_loop().create_task(self._keep(name, main)))

    async def _keep(self, name: str, main: Main) -> None:
        while True:
            await self.start(name, main).gone.wait()
            await asyncio.sleep(PAUSE)

    def end(self) -> None:
        """Nobody is born any more, and all die."""
        for keeper in self._keepers:
            keeper.cancel()
        for process in self.living.values():
            process.die()


class Loop(JumpingLoop):
    """The loop of a house: what a process has open at its death is closed as the operating system does it."""

    def __init__(self) -> None:
        super().__init__(Reaper())

    def _make_socket_transport(self, *args: Any, **kwargs: Any) -> Any:
        transport = super()._make_socket_transport(*args, **kwargs)  # type: ignore[misc]
        process = PRESENT.get()
        if isinstance(process, Process):
            process.keep(transport.abort)
        return transport

    async def create_unix_server(self, *args: Any, **kwargs: Any) -> Any:
        server = await super().create_unix_server(*args, **kwargs)
        process = PRESENT.get()
        if isinstance(process, Process):
            process.keep(server.close)
        return server

    def add_signal_handler(self, *_: Any) -> None:
        """Nobody here is sent signals."""


def at_point(name: str, number: int) -> IsDue:
    """The first life of that name dies at its point of this number; everybody else lives."""
    return lambda process, _: (process.name, process.number, process.count) == (name, 1, number)


class EveryPlace:
    """Kills whoever comes to a place at which nobody of its name has died yet.

    Places are lines of our code where a process waits, with the lines that called them, and the moments before and
    after each function that a thread is given, with the kinds of entries that it is about.

    Attributes:
        died: How often at which place: once, unless a name is missing in `names`.
    """

    def __init__(self, names: Callable[[str], str | None]) -> None:
        """`names` says for whom a process dies (agents of one role die for one another), or None who is spared."""
        self._names = names
        self.died: Counter[tuple[str, ...]] = Counter()

    def __call__(self, process: Process, where: object) -> bool:
        name = self._names(process.name)
        if name is None or not isinstance(where, Waiting | Doing):
            return False
        place = (name, *where.lines())
        if len(place) == 1 or self.died[place]:
            return False
        self.died[place] += 1
        return True


def run_house(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a house in a loop of its own, and bury its dead."""
    gc.freeze()  # as in a life of one process: what stands before is not looked through
    loop = Loop()
    with hushed():
        try:
            loop.run_until_complete(work())
        finally:
            del work
            loop.close()
    bury()
