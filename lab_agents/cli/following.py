"""Starting or joining a laboratory, and showing its campaign until it has finished or somebody leaves."""

import asyncio
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from lab_agents.bus.mqtt import MqttBus
from lab_agents.cli.exits import Exit
from lab_agents.cli.submitting import broker_url, new_source, send_frames
from lab_agents.control import Json
from lab_agents.credentials import PEOPLE, access_of
from lab_agents.display.live import Picture
from lab_agents.display.plain import line_for
from lab_agents.display.scene import Scene
from lab_agents.errors import GuardError, LabAgentsError, UnreadableEntryError
from lab_agents.guard_client import detach, shutdown, start_guard, watch_guard
from lab_agents.guard_door import find_guard
from lab_agents.log import Cursor, LogLink
from lab_agents.memory import weigh
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import Laboratory
from lab_agents.report.truth import Truth
from lab_agents.state_folder import StateFolder

if TYPE_CHECKING:
    from lab_agents.report.writing import Written

REFRESH = 0.25
"""Wall seconds between two pictures: quick enough to watch, slow enough to cost nothing."""
WEIGH = 15.0
"""Wall seconds between two looks at the memory, which grows over minutes; each one makes the kernel walk every page
table, a tenth of a second of a core for twenty processes."""


@dataclass(frozen=True)
class Wishes:
    """What the person at the terminal asked for."""

    state: Path | None
    person: str
    speed: float | None
    is_plain: bool
    wants_report: bool


@dataclass
class Following:
    """One display of one campaign.

    `ending` is how it ended, for the exit code; None while it goes on. `peak` is the largest memory of the tree seen.
    """

    folder: StateFolder
    laboratory: Laboratory
    campaign: str
    wishes: Wishes
    scene: Scene
    console: Console
    is_ours: bool = False
    ending: Exit | None = None
    peak: int = 0
    _interrupts: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _drain: asyncio.Task[None] | None = None
    _warming: asyncio.Task[None] | None = None
    _writing: "asyncio.Task[Written] | None" = None

    @property
    def machine(self) -> str:
        """The machine whose guard this display looks after: the first one."""
        return self.laboratory.machines[0]

    @property
    def _is_simulated(self) -> bool:
        """A simulated laboratory without a campaign has nothing to do; a real one may belong to systemd."""
        return self.laboratory.simulation is not None

    async def run(self) -> Exit:
        """Follow to the end of the campaign, or until the person leaves.

        Raises:
            GuardError: If the guard cannot be started.
        """
        self.is_ours = find_guard(self.folder, self.machine) is None
        await start_guard(self.folder, self.machine)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            await self._attend()
        except* LabAgentsError as errors:
            # What was refused needs no laboratory; one that others use goes on.
            if self.is_ours:
                await self._shut_down()
            raise first_of(errors) from None
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            if self._drain is not None:
                self._drain.cancel()
        return self.ending or Exit.OK

    def _open_bus(self) -> MqttBus:
        return MqttBus(broker_url(self.folder), new_source(), access=access_of(self.laboratory, PEOPLE))

    async def _attend(self) -> None:
        async with self._open_bus() as bus, asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(watch_guard(self.folder, self.machine), name="watch"),
                tasks.create_task(self._follow(bus), name="follow"),
                tasks.create_task(self._show(), name="show"),
                tasks.create_task(self._weigh(), name="weigh"),
            ]
            await self._ended.wait()
            if self.ending in (Exit.OK, Exit.UNFINISHED):
                # Drawing takes as long as coming to rest, and nothing that a report tells changes any more.
                await asyncio.gather(self._rest(), self._write())
            for task in running:
                task.cancel()

    async def _follow(self, bus: MqttBus) -> None:
        topics = Topics(self.laboratory.name)
        for name, parts in _HEARD:
            await bus.subscribe(topics.build(name, **parts), self.scene.hear)
        await bus.wait_connected()
        await send_frames(self.folder, bus, self.laboratory.name)
        link = LogLink(bus, topics, new_source(), 0)
        await link.start(Cursor())
        while True:
            try:
                logged = await link.next()
            except UnreadableEntryError as unread:
                self.scene.notice = str(unread)
                continue
            self.scene.take_entry(logged)
            if self.wishes.is_plain and (line := line_for(logged, self.scene)) is not None:
                self.console.print(line, markup=False, highlight=False, soft_wrap=True)
            if logged.entry.kind == "CampaignClosing" and self.wishes.wants_report and self._warming is None:
                # While the last samples are measured: loading what draws takes seconds that a person would wait for.
                self._warming = asyncio.create_task(asyncio.to_thread(_load_report))
            if logged.entry.kind == "CampaignFinished" and self.has_finished and link.has_caught_up:
                self._end(self.outcome())

    @property
    def has_finished(self) -> bool:
        """Whether the campaign that is followed has finished."""
        account = self.scene.account
        return account.plan is not None and account.plan.name == self.campaign and account.is_complete

    def outcome(self) -> Exit:
        """How a finished campaign ended: as its budget or its stopping rules say, or early."""
        account = self.scene.account
        if not account.is_early:
            return Exit.OK
        # A log of the first release does not say why a campaign closed.
        n_done = sum(s.outcome != "not made" for s in account.samples.values())
        budget = account.plan.budget.samples if account.plan is not None else 0
        return Exit.OK if n_done >= budget else Exit.UNFINISHED

    async def _rest(self) -> None:
        if self.is_ours or self._is_simulated:
            self.scene.notice = "The campaign has finished; the laboratory is put to rest."
            await self._shut_down()

    async def _write(self) -> None:
        if not self.wishes.wants_report:
            return
        write = asyncio.to_thread(_write_report, self.folder, self.campaign)
        self._writing = asyncio.create_task(write, name="report")
        await asyncio.wait([self._writing])

    def written(self) -> "Written | None":
        """The report, where one was wished for.

        Raises:
            LabAgentsError: Why it could not be written.
        """
        return None if self._writing is None else self._writing.result()

    def _end(self, how: Exit) -> None:
        self.ending = how
        self._ended.set()

    async def _show(self) -> None:
        if self.wishes.is_plain:
            await self._show_alarms()
            return
        with Live(Picture(self.scene), console=self.console, auto_refresh=False) as live:
            try:
                while True:
                    live.refresh()
                    await asyncio.sleep(REFRESH)
            finally:
                live.refresh()

    async def _show_alarms(self) -> None:
        shown: set[str] = set()
        while True:
            alarms = {*self.scene.alarms, *([self.scene.notice] if self.scene.notice else [])}
            for alarm in sorted(alarms - shown):
                self.console.print(f"! {alarm}", markup=False, highlight=False, soft_wrap=True)
            shown = alarms
            await asyncio.sleep(REFRESH)

    async def _weigh(self) -> None:
        while True:
            pids = [p for g in self.scene.guards.values() for p in (g.pid, *g.children.values())]
            weight = await asyncio.to_thread(weigh, pids)
            self.peak = max(self.peak, weight)
            # A short campaign is weighed too: the first look is taken as soon as there is anything to look at.
            await asyncio.sleep(WEIGH if pids else REFRESH)

    def _interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            self.scene.notice = (
                "Ending: nothing new starts. Ctrl-C again leaves the laboratory running without this display."
            )
            self._drain = asyncio.create_task(self._drain_and_end(), name="drain")
        elif self._interrupts == 2:
            self._drain = asyncio.create_task(self._leave(self._drain), name="leave")

    async def _drain_and_end(self) -> None:
        await self._shut_down()
        self._end(Exit.INTERRUPTED)

    async def _leave(self, draining: "asyncio.Task[None] | None") -> None:
        if draining is not None:
            draining.cancel()
        with suppress(GuardError):
            await detach(self.folder, self.machine)
        self._end(Exit.DETACHED)

    async def _shut_down(self) -> None:
        self.scene.is_resting = True
        try:
            await shutdown(self.folder, self.machine, report=self._say_draining)
        except GuardError as error:
            self.scene.is_resting = False
            self.scene.notice = str(error)

    def _say_draining(self, said: Json) -> None:
        if said.get("draining"):
            leave = "" if self._interrupts != 1 else " Ctrl-C again leaves the laboratory running without this display."
            self.scene.notice = f"Ending: {said['draining']}.{leave}"


_HEARD: tuple[tuple[str, dict[str, str]], ...] = (
    ("agent_status", {"source": "+"}),
    ("guard_status", {"machine": "+"}),
    ("clock", {}),
    ("telemetry", {"instrument": "+"}),
    ("head", {}),
)


def first_of(errors: BaseExceptionGroup[LabAgentsError]) -> LabAgentsError:
    """The first error of a group of groups."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, LabAgentsError)  # noqa: S101 - the group was split by this class
    return first


def make_console(wishes: Wishes) -> Console:
    """The terminal; where it is none, lines are as long as they are."""
    return Console(width=None if not wishes.is_plain else max(120, shutil.get_terminal_size().columns))


def is_plain(wishes: Wishes, console: Console) -> bool:
    """Whether to print lines instead of a live picture."""
    return wishes.is_plain or not console.is_terminal


def scene_for(laboratory: Laboratory, truth: Truth | None) -> Scene:
    """An empty scene of a laboratory."""
    return Scene(Topics(laboratory.name), truth)


_DRAWS = (
    *("lab_agents.report.writing", "lab_agents.report.patterns", "lab_agents.report.spectra"),
    *("lab_agents.analysis.diffraction.conclusions", "pymatgen.symmetry.groups", "matplotlib.backends.backend_svg"),
)
"""What a report loads when it is written."""


def _write_report(folder: StateFolder, campaign: str) -> "Written":
    from lab_agents.report.writing import write_report

    return write_report(folder.path, folder.path / "report", campaign)


def _load_report() -> None:
    for module in _DRAWS:
        import_module(module)
