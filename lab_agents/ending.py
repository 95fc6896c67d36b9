"""The orderly end of a machine: start nothing, finish what cannot be interrupted, say until when, end the tree."""

import asyncio
import signal
from collections.abc import Callable, Mapping

from lab_agents.child import Child
from lab_agents.guard import Guard

GRACE = 2.0
"""Wall seconds that a process gets after SIGTERM: its journal is on disk at every instant, so this is only courtesy."""
GRACE_OF_SIMULATOR = 10.0
"""The simulated laboratory saves its state; killed, it would be a power cut."""
LOOK_AGAIN = 0.05
"""Wall seconds between two looks at who still runs."""


async def drain(guard: Guard, running: Callable[[], Mapping[str, str]]) -> None:
    """Tell all children to start nothing, and return when none of them runs anything that cannot be interrupted.

    Args:
        guard: The machine; its `draining` says what is still waited for.
        running: For people: what each agent moves, and until when.
    """
    guard.draining = "telling every agent to start nothing more"
    for child in guard.children.values():
        child.is_idle = False
        child.beat(draining=True)
    guard.note()
    while working := [c.plan.name for c in guard.children.values() if _may_be_moving(c)]:
        known = running()
        text = "waiting for " + ", ".join(f"{name} ({known[name]})" if name in known else name for name in working)
        if text != guard.draining:
            guard.draining = text
            guard.note()
        await asyncio.sleep(LOOK_AGAIN)
    guard.draining = "nothing moves any more"
    guard.note()


def cancel_drain(guard: Guard) -> None:
    """Let the children go on."""
    guard.draining = None
    guard.wake.set()
    guard.note()


def _may_be_moving(child: Child) -> bool:
    return bool(child.plan.instruments) and child.pid is not None and not child.is_idle


async def end_children(guard: Guard) -> None:
    """End every child: first those that act, then those that write down, at last what carries and what simulates."""
    guard.is_ending = True
    for group in _groups(tuple(guard.children.values())):
        for child in group:
            child.send(signal.SIGTERM)
        grace = GRACE_OF_SIMULATOR if any(c.plan.is_detached for c in group) else GRACE
        if not await _all_gone(group, grace):
            for child in group:
                child.send(signal.SIGKILL)
            await _all_gone(group, grace)
    guard.wake.set()


def _groups(children: tuple[Child, ...]) -> tuple[tuple[Child, ...], ...]:
    last = ("recorder", "simulator", "broker")
    return (
        tuple(c for c in children if c.plan.instruments),
        tuple(c for c in children if not c.plan.instruments and c.plan.role not in last),
        *(tuple(c for c in children if c.plan.role == role) for role in last),
    )


async def _all_gone(group: tuple[Child, ...], within: float) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    # Reaping is the watch's; it looks several times a second and at every closed pipe.
    while any(child.pid is not None for child in group):
        if loop.time() > deadline:
            return False
        await asyncio.sleep(LOOK_AGAIN)
    return True
