"""The guard's process: `python -m lab_agents.guard_process --state DIR [--machine NAME]`."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from setproctitle import setproctitle

from instruments.lab import read_laboratory
from lab_agents.bus.broker import check_port, choose_port
from lab_agents.bus.mqtt import MqttBus
from lab_agents.children import Household, Program, assembly
from lab_agents.control import ControlServer
from lab_agents.credentials import access_of, read_secret
from lab_agents.errors import BusError, GuardError, LabAgentsError
from lab_agents.guard import Guard
from lab_agents.guard_link import GuardLink
from lab_agents.guard_requests import GuardRequests
from lab_agents.messages.frames import GuardStatus
from lab_agents.messages.topics import Topics
from lab_agents.records.laboratory import Laboratory
from lab_agents.remains import bury
from lab_agents.repeater import repeating
from lab_agents.state_folder import StateFolder, locked, read_json, write_json

_LOG = logging.getLogger(__name__)


def main() -> None:
    """Guard one machine until told to end. Prints to its standard error, which `start_guard` makes its log."""
    parser = argparse.ArgumentParser(description="Guard one machine of a laboratory.")
    parser.add_argument("--state", type=Path, required=True, help="the laboratory's state folder")
    parser.add_argument("--machine", help="the machine's name in the lab file; the first one if not given")
    arguments = parser.parse_args()
    # Libraries tell much about every connection; the guard's own story is short.
    logging.getLogger("lab_agents").setLevel(logging.WARNING)
    logging.getLogger("lab_agents.guard").setLevel(logging.INFO)
    logging.basicConfig(level=logging.ERROR, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        folder = StateFolder.open(arguments.state)
        laboratory = read_laboratory(folder.lab_file)
        machine = arguments.machine or laboratory.machines[0]
        if machine not in laboratory.machines:
            names = ", ".join(laboratory.machines)
            raise GuardError(f"{folder.lab_file} declares no machine {machine!r}; give --machine one of {names}.")
        setproctitle(f"lab-agents: guard {machine}")
        # An instant longer than a look at the lock takes.
        with locked(folder.guard(machine) / "lock", within=1.0):
            asyncio.run(guard_machine(folder, laboratory, machine, assembly(folder)))
    except LabAgentsError as error:
        sys.exit(f"lab-agents guard: {error}")


async def guard_machine(folder: StateFolder, laboratory: Laboratory, machine: str, program: Program) -> None:
    """Guard a machine until it has ended. The guard's lock must be held.

    Args:
        folder: The state folder.
        laboratory: What the lab file there declares.
        machine: This machine.
        program: Builds the command lines of our own processes.
    """
    remains = await bury(folder.guard(machine) / "children.json")
    household, url = _furnish(folder, laboratory, machine, program)
    guard = Guard(household, remains)
    reached = _reach(folder, url)
    ours = {"repeater_port": household.repeater_port, "guard": os.getpid(), "machine": machine}
    write_json(folder.runtime, {**reached, **ours})
    url = reached["broker"]
    topic = Topics(laboratory.name).build("guard_status", machine=machine)
    will = GuardStatus(machine=machine, epoch=guard.epoch, pid=os.getpid(), alive=False).model_dump_json().encode()
    access = access_of(laboratory, f"guard_{machine}")
    await attend(guard, MqttBus(url, f"guard-{machine}-{guard.epoch}", will=(topic, will), access=access))


async def attend(guard: Guard, bus: MqttBus) -> None:
    """Run a guard with its bus and its door until it has ended."""
    link = GuardLink(guard, bus)
    requests = GuardRequests(guard, link)
    household = guard.household
    path = household.folder.guard(household.machine) / "guard.sock"
    address = household.laboratory.guards.get(household.machine)
    secret = None if address is None else await asyncio.to_thread(_find_secret, household)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: requests.begin_shutdown(is_draining=True))
    async with AsyncExitStack() as around:
        if household.speaks_channel_access:
            await around.enter_async_context(repeating(household.repeater_port))
        await around.enter_async_context(ControlServer(path, requests.answer, address, secret))
        aside = {
            "bus": lambda: _stay_on_bus(bus, link),
            "stand by": guard.stand_by,
            "watchdog": lambda: _tell_systemd(household.settings.beat),
        }
        tasks = [asyncio.create_task(_keep_going(name, work), name=name) for name, work in aside.items()]
        try:
            await guard.watch()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _find_secret(household: Household) -> str | None:
    try:
        return read_secret(household.laboratory, household.machine)
    except GuardError as error:
        # A machine must not be without its guard for that: the local socket and the topic remain.
        _LOG.error("The guard listens to nobody from afar: %s", error)
        return None


async def _keep_going(name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin again whatever fails beside the watch: no broker and no driver may end the guard."""
    while True:
        task = asyncio.create_task(work(), name=name)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        if task.exception() is None:
            return
        _LOG.error("The guard's %s failed and begins again.", name, exc_info=task.exception())
        await asyncio.sleep(1.0)


async def _stay_on_bus(bus: MqttBus, link: GuardLink) -> None:
    # The watch must not wait for a broker that it has yet to start.
    async with bus:
        await link.run()


def _furnish(folder: StateFolder, laboratory: Laboratory, machine: str, program: Program) -> tuple[Household, str]:
    """Ports are chosen once and kept, so that whoever was connected finds the next broker at the same address."""
    kept = read_json(folder.runtime) if folder.runtime.exists() else {}
    port: int | None = None
    host, url = "127.0.0.1", laboratory.broker
    if url is not None and laboratory.starts_broker and machine == laboratory.machines[0]:
        # Every address of this machine: the others know it by a name that only they may resolve.
        host, port = "0.0.0.0", urlsplit(url).port or 8883
    elif url is None:
        if machine != laboratory.machines[0]:
            raise BusError(f"Machine {machine} needs `broker` in the lab file: the one started here is on loopback.")
        port = _port_again(str(kept.get("listens" if "relay" in kept else "broker", "")))
        url = f"{'mqtt' if laboratory.credentials is None else 'mqtts'}://127.0.0.1:{port}"
    repeater = kept.get("repeater_port")
    repeater = repeater if isinstance(repeater, int) else choose_port()
    return Household(laboratory, machine, folder, program, port, repeater, broker_host=host), url


def _reach(folder: StateFolder, url: str) -> dict[str, str]:
    """How clients reach the broker that listens at `url`: there, or by the relay that was put before it."""
    relay = read_json(folder.runtime).get("relay") if folder.runtime.exists() else None
    return {"broker": url} if not isinstance(relay, str) else {"broker": relay, "listens": url, "relay": relay}


def _port_again(url: str) -> int:
    with suppress(BusError, ValueError):
        port = int(url.rpartition(":")[2])
        check_port(port)
        return port
    return choose_port()


async def _tell_systemd(beat: float) -> None:
    """Keep systemd's watchdog quiet while the event loop turns; does nothing elsewhere."""
    where = os.environ.get("NOTIFY_SOCKET")
    if where is None:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notify:
        word = b"READY=1"
        while True:
            with suppress(OSError):
                notify.sendto(word, where.replace("@", "\0", 1) if where.startswith("@") else where)
            word = b"WATCHDOG=1"
            await asyncio.sleep(beat)


if __name__ == "__main__":
    main()
