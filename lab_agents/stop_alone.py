"""The emergency stop on a machine whose guard is dead: the same, by whoever asks."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from lab_agents.children import Household
from lab_agents.latch import Latch
from lab_agents.messages.frames import InstrumentState, StopRequest
from lab_agents.remains import bury
from lab_agents.repeater import repeating
from lab_agents.safe_states import Dial, SafeKeeper, dial
from lab_agents.state_folder import locked
from lab_agents.stop_report import keep_report
from lab_agents.stopping import Stopping


async def stop_alone(household: Household, request: StopRequest, *, dial: Dial = dial) -> dict[str, InstrumentState]:
    """Take the guard's lock, latch, kill, write the safe states, and return what each instrument confirmed.

    A guard that starts afterwards finds the latch and does all of it again.

    Raises:
        StateFolderError: If a guard holds the lock: then it is the one to ask.
    """
    folder = household.folder.guard(household.machine)
    changed = asyncio.Event()

    async def kill(latched: Callable[[], Awaitable[None]]) -> None:
        # Nothing stands by here that could be written to meanwhile: it waits for the latch alone.
        await latched()
        await bury(folder / "children.json")

    def keeper(name: str) -> SafeKeeper:
        declaration = household.laboratory.instruments[name]
        return SafeKeeper(
            name, declaration, lambda: (household.addresses() or {}).get(name), dial=dial, settings=household.settings
        )

    async with AsyncExitStack() as held:
        await asyncio.to_thread(held.enter_context, locked(folder / "lock"))
        if household.speaks_channel_access:
            await held.enter_async_context(repeating(household.repeater_port))
        os.environ.update(await asyncio.to_thread(household.epics_environment, household.instruments))
        latch = await asyncio.to_thread(Latch, folder / "latch.json")
        keepers = {name: keeper(name) for name in household.instruments}
        keep = partial(keep_report, folder)
        stopping = Stopping(latch, keepers, kill, changed.set, keep=keep, machine=household.machine)
        if stopping.stop(request):
            while not (stopping.is_settled and stopping.is_reported):
                changed.clear()
                await changed.wait()
        stopping.cancel()
        for kept in keepers.values():
            await kept.hang_up()
        return stopping.instruments
