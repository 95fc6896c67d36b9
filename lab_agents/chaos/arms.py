"""The arms of chaos: each gives one kind of blow to a running laboratory, and waits until it works again."""

import asyncio
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab_agents.benchmarks.blows import Blow
from lab_agents.benchmarks.kills import TOO_LONG, Arm, BadNight, Recovery, kill, send
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.bus.relay import Relay
from lab_agents.chaos.disks import DISK_ARMS
from lab_agents.wall_clock import step_clock

HOUR = 3600.0
"""As much as a machine that was told the wrong time zone is off."""


def make_arms(relay: Relay) -> Mapping[str, Arm]:
    """Every arm beside `kill` and `freeze`; partitions are made by the relay."""

    async def partition(_night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
        """Nothing of one process passes the relay for a while; its recovery counts from the end of that."""
        at = datetime.now(UTC)
        relay.cut(blow.name)
        try:
            await asyncio.sleep(blow.seconds)
        finally:
            relay.mend(blow.name)
        mended_at = time.monotonic()
        works = await watch.until(lambda: watch.works_since(blow.name, mended_at), TOO_LONG)
        return Recovery(blow, works, at=at)

    shared: Mapping[str, Arm] = {"broker_restart": kill, "broker_loss": lose_broker, "power_cut": cut_power}
    return {"partition": partition, **shared, **DISK_ARMS, "clock_forward": step_forward, "clock_back": step_back}


def clock_file(state: Path) -> Path:
    """Where the laboratory's processes look how far the wall clock is off."""
    return state.with_suffix(".clock")


async def step_forward(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """Set the wall clock an hour ahead for a while, and back."""
    return await _step(night, watch, blow, HOUR)


async def step_back(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """Set the wall clock an hour back for a while, and ahead again."""
    return await _step(night, watch, blow, -HOUR)


async def _step(night: BadNight, watch: StandingWatch, blow: Blow, seconds: float) -> Recovery:
    path = clock_file(night.state)
    try:
        await asyncio.to_thread(step_clock, path, seconds)
        await asyncio.sleep(blow.seconds)
    finally:
        await asyncio.to_thread(step_clock, path, 0.0)
    after = time.monotonic()
    works = await watch.until(lambda: all(watch.works_since(name, after) for name in watch.agents), TOO_LONG)
    return Recovery(blow, works)


async def lose_broker(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """Kill the broker and delete what it had kept: nothing is retained any more."""
    pid = watch.pid("broker")
    if pid is not None:
        # Frozen first, so that it writes nothing more, and the next one finds nothing to read.
        send(pid, signal.SIGSTOP)
        await asyncio.to_thread(empty_broker, night.state / "broker")
    return replace(await kill(night, watch, replace(blow, name="broker")), blow=blow)


def empty_broker(folder: Path) -> None:
    """Delete everything but the configuration."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".conf":
            path.unlink()


async def cut_power(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """Kill the simulated hardware; its guard starts it again, and it goes on with what stood on its disk."""
    pid = watch.pid("simulator")
    if pid is None:
        return Recovery(blow, None, refusal="no simulated hardware runs")
    addresses = night.state / "simulator" / "addresses.json"
    # Written when everything listens; that of the dead one is still there.
    before = _written(addresses)
    send(pid, signal.SIGKILL)
    return Recovery(blow, await watch.until(lambda: _written(addresses) not in (0, before), TOO_LONG))


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
