"""Asking a guard through its local door."""

import asyncio
from collections.abc import AsyncIterator, Callable

from lab_agents.control import MAX_ANSWER, Json, receive_line, send_line
from lab_agents.errors import GuardError, SilentGuardError
from lab_agents.local_sockets import connect_to
from lab_agents.settings import DEFAULT, Settings
from lab_agents.state_folder import StateFolder, lock_holder

Report = Callable[[Json], None]
"""Given the answers before the last one."""


def find_guard(folder: StateFolder, machine: str) -> int | None:
    """Process id of the living guard of a machine of this state folder, or None."""
    return lock_holder(folder.guard(machine) / "lock")


async def ask(folder: StateFolder, machine: str, request: Json) -> AsyncIterator[Json]:
    """Send one request to the guard of this machine and yield what it answers, the last one (with `ok`) included.

    Raises:
        GuardError: If there is no guard, it closes before its last answer, it refuses, or its answer cannot be read.
    """
    try:
        reader, writer = await connect_to(folder.guard(machine) / "guard.sock", limit=MAX_ANSWER)
    except OSError as error:
        raise GuardError(
            f"No guard of {machine} answers in {folder.path}. Start one with `lab-agents resume`."
        ) from error
    try:
        await send_line(writer, request)
        while True:
            line = await receive_line(reader)
            if line.get("ok") is False:
                raise GuardError(str(line.get("error")))
            yield line
            if "ok" in line:
                return
    except (OSError, EOFError) as error:
        raise GuardError(f"The guard of {machine} ended while it was asked to {request['do']}.") from error
    except ValueError as error:
        raise GuardError(f"What the guard of {machine} answered to {request['do']} cannot be read: {error}.") from error
    finally:
        writer.close()


async def ask_once(
    folder: StateFolder, machine: str, request: Json, report: Callable[[Json], None] | None = None
) -> Json:
    """Send one request and return the last answer; `report` is given the others.

    Raises:
        GuardError: See `ask`.
    """
    last: Json = {}
    async for line in ask(folder, machine, request):
        last = line
        if report is not None and "ok" not in line:
            report(line)
    return last


async def guard_status(folder: StateFolder, machine: str, *, settings: Settings = DEFAULT) -> Json:
    """`{"status": a GuardStatus, "roles": {child: role}, "attended": bool}` of a living guard.

    Attended means that somebody would start it again.

    Raises:
        SilentGuardError: If it does not answer within 5 s.
        GuardError: If there is none.
    """
    try:
        async with asyncio.timeout(settings.kill):
            return await ask_once(folder, machine, {"do": "status"})
    except TimeoutError:
        raise SilentGuardError(f"The guard of {machine} is silent. `lab-agents resume` replaces it.") from None
