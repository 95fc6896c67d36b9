"""The composition root: which classes make up each process of a laboratory.

`python -m lab_agents.starting ROLE NAME --state DIR --epoch N [--up FD --down FD]`, run by the guard, comes here.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from setproctitle import setproctitle

from instruments.drivers import load_object
from instruments.lab import read_laboratory
from lab_agents import __version__
from lab_agents.beat import Beat
from lab_agents.bus.protocol import Bus, Message
from lab_agents.clock import Clock, FollowedClock, WallClock
from lab_agents.errors import FencedError, LabAgentsError, LostLeaseError, first_error
from lab_agents.messages.frames import Tick
from lab_agents.process_place import Place
from lab_agents.processes import die_with_parent
from lab_agents.records.laboratory import Laboratory, Role
from lab_agents.state_folder import StateFolder, locked, read_json

if TYPE_CHECKING:
    from lab_agents.agents.behaviour import AnyBehaviour

_log = logging.getLogger(__name__)

FENCED = 75
"""Exit code of a process whose successor was born (EX_TEMPFAIL in sysexits.h): the guard need not worry."""


def main() -> None:
    """Run one process until its guard ends it."""
    parser = argparse.ArgumentParser(description="One process of a laboratory; started by its guard.")
    parser.add_argument("role")
    parser.add_argument("name")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--epoch", type=int, required=True)
    parser.add_argument("--up", type=int)
    parser.add_argument("--down", type=int)
    arguments = parser.parse_args()
    if arguments.up is not None:
        # A guard that dies while this process still imports must not leave it behind; what outlives it has no pipes.
        die_with_parent()
    title = arguments.role if arguments.role == arguments.name else f"{arguments.role} {arguments.name}"
    setproctitle(f"lab-agents: {title}")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    folder = StateFolder.open(arguments.state)
    place = Place(
        arguments.role,
        arguments.name,
        arguments.epoch,
        folder,
        read_laboratory(folder.lab_file),
        str(read_json(folder.runtime)["broker"]),
    )
    preload(place)
    # What is there stays: the collector need not look through it again.
    gc.freeze()
    gc.enable()
    sys.exit(asyncio.run(run_place(place, arguments.up, arguments.down)))


def preload(place: Place) -> None:
    """Import what this role needs, before the first beat: an import in the event loop would pass for silence."""
    for module in _MODULES.get(place.role, _AGENT_MODULES):
        import_module(module)
    if place.role in _MODULES:
        return
    import_module(f"lab_agents.agents.{place.role}")
    for name in place.laboratory.agents[place.name].instruments:
        from instruments.drivers import load_driver, load_object

        import_module("instruments.engine")
        load_object(load_driver(place.laboratory.instruments[name].driver).device)


_MODULES = {
    "recorder": ("lab_agents.recorder", "lab_agents.store.projections", "lab_agents.store.writer"),
    "compute": ("lab_agents.compute", "lab_agents.jobs"),
    "simulator": ("lab_agents.log", "lab_agents.replayed_table", "lab_agents.rest", "simulators.lab"),
    "notifier": ("lab_agents.notify.notifier",),
}
_AGENT_MODULES = ("lab_agents.agents.process",)


async def run_place(place: Place, up: int | None = None, down: int | None = None) -> int:
    """Run the process until it ends; its exit code. Without pipes (`up`, `down`) nobody guards it."""
    run = {
        "recorder": run_recorder,
        "compute": run_compute,
        "simulator": run_simulator,
        "notifier": run_notifier,
    }.get(place.role, run_agent)
    code = 0
    if up is None:
        # Simulator and notifier outlive their guard; asked to end, they save and hang up.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel, asyncio.current_task())
    try:
        if up is None or down is None:
            await run(place, None)
        else:
            async with Beat(up, down) as beat:
                await run(place, beat)
    except* (FencedError, LostLeaseError) as fenced:
        _log.warning("%s", first_error(fenced))
        code = FENCED
    except* LabAgentsError as errors:
        # The message says what to do; a trace would hide it.
        _log.error("%s", first_error(errors))
        code = 1
    except* asyncio.CancelledError:
        _log.warning("ended on request")
    return code


def _cancel(task: "asyncio.Task[int] | None") -> None:
    if task is not None:
        task.cancel()


# The clock.


@asynccontextmanager
async def laboratory_clock(place: Place, bus: Bus) -> AsyncIterator[Clock]:
    """Laboratory time: followed from the bus in a simulated laboratory, the wall clock in a real one."""
    if place.laboratory.simulation is None:
        yield WallClock()
        return
    clock = FollowedClock(datetime.fromisoformat(place.laboratory.simulation.starts_at))
    await bus.subscribe(place.topics.build("clock"), lambda message: _follow(clock, message))
    yield clock


def _follow(clock: FollowedClock, message: Message) -> None:
    try:
        clock.set(Tick.model_validate_json(message.payload).now)
    except ValueError:
        return


# Processes.


async def run_recorder(place: Place, _beat: Beat | None) -> None:
    """The log's one writer."""
    from lab_agents.recorder import Recorder
    from lab_agents.store.projections import project
    from lab_agents.store.writer import LogWriter
    from lab_agents.threads import OwnThread

    worker = OwnThread("store")
    async with AsyncExitStack() as stack:
        # The lease keeps the log from forking; the lock keeps a second recorder from taking the lease of a living one.
        await worker.run(stack.enter_context, locked(place.folder.store.with_suffix(".lock")))
        writer = await worker.run(LogWriter, place.folder.store, place.laboratory.name, project)
        stack.push_async_callback(worker.run, writer.close)
        bus = await stack.enter_async_context(place.make_bus())
        clock = await stack.enter_async_context(laboratory_clock(place, bus))
        blobs = await worker.run(lambda: place.blobs)
        recorder = Recorder(writer, worker, bus, blobs, clock, place.topics, place.settings)
        file = await worker.run(_keep_lab_file, place)
        await recorder.open(place.laboratory, file, __version__)
        await recorder.run()


def _keep_lab_file(place: Place) -> str:
    return place.blobs.put(place.folder.lab_file.read_bytes())


async def run_compute(place: Place, beat: Beat | None) -> None:
    """A worker for fits, asks and analyses."""
    from lab_agents.compute import ComputeServer
    from lab_agents.jobs import run_job

    blobs = await asyncio.to_thread(lambda: place.blobs)
    path = place.folder.compute / f"{place.name}.sock"
    async with ComputeServer(path, lambda name, arguments: run_job(name, arguments, blobs)) as server:
        if beat is not None:
            beat.is_working = lambda: server.is_working
        await asyncio.Event().wait()


async def run_simulator(place: Place, _beat: Beat | None) -> None:
    """What stands for the hardware: instruments, world and the held clock."""
    from lab_agents.log import LogLink
    from lab_agents.replayed_table import read_replayed
    from lab_agents.rest import RestWatch
    from simulators.lab import SimulatedLab

    table = await asyncio.to_thread(read_replayed, place.folder)
    async with place.make_bus() as bus, asyncio.TaskGroup() as group:
        watch = RestWatch(bus, place.topics, LogLink(bus, place.topics, place.name, place.epoch), place.settings)

        async def publish(*, now: datetime, number: int, speed: float | None, held_by: str) -> None:
            tick = Tick(now=now, number=number, speed=speed, held_by=held_by)
            await bus.publish(place.topics.build("clock"), tick.model_dump_json().encode(), retain=True)

        lab = SimulatedLab(place.laboratory, table, place.folder.simulator, watch, publish)
        group.create_task(watch.run())
        group.create_task(lab.run())


async def run_notifier(place: Place, _beat: Beat | None) -> None:
    """Whoever tells people outside."""
    from lab_agents.notify.notifier import Notifier
    from lab_agents.notify.pending import PendingNotices

    path = place.folder.pending_notices
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, locked(path.with_name("lock"), within=1.0))
        pending = await asyncio.to_thread(PendingNotices, path)
        bus = await stack.enter_async_context(place.make_bus())
        await Notifier(place, bus, pending).run()


async def run_agent(place: Place, beat: Beat | None) -> None:
    """An agent: its loop, its jobs, and its engine where it drives instruments."""
    from lab_agents.agents.agent import Memory
    from lab_agents.agents.process import AgentProcess
    from lab_agents.agents.status import will
    from lab_agents.journal import Journal, PatientWorker
    from lab_agents.threads import OwnThread

    status_topic = place.topics.build("agent_status", source=place.name)
    bus = place.make_bus((status_topic, will(place.name, place.epoch)))
    async with AsyncExitStack() as stack:
        worker = OwnThread("journal")
        journal = await worker.run(Journal, place.folder.journal(place.name), place.name)
        stack.push_async_callback(worker.run, journal.close)
        await stack.enter_async_context(bus)
        clock = await stack.enter_async_context(laboratory_clock(place, bus))
        patient = PatientWorker(worker, place.settings.ask_again)
        memory = Memory(journal, patient, lambda: patient.trouble)
        behaviour = behaviour_of(place.name, place.laboratory)
        await AgentProcess(place, bus, clock, beat, memory, behaviour).run()


def behaviour_of(name: str, laboratory: Laboratory) -> "AnyBehaviour":
    """The rules of the agent `name` of a laboratory; loads only them, because a restart waits for its imports."""
    role = laboratory.agents[name].role
    maker: Callable[[str], AnyBehaviour] = load_object(f"lab_agents.agents.{_BEHAVIOURS[role]}")
    return maker(name)


_BEHAVIOURS: dict[Role, str] = {
    "planning": "planning:Planning",
    "synthesis": "synthesis:Synthesis",
    "characterization": "characterization:Characterization",
    "service": "service:Service",
    "analysis": "analysis:Analysis",
    "training": "training:Training",
    "supervision": "supervision:Supervision",
    "person": "person:SimulatedPerson",
}


if __name__ == "__main__":
    main()
