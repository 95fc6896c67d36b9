"""Arms that strike at disks: the log's database held by somebody else, a disk that takes nothing, a read-only file."""

import asyncio
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from lab_agents.benchmarks.blows import Blow
from lab_agents.benchmarks.kills import TOO_LONG, Arm, BadNight, Recovery, find_pid, send
from lab_agents.benchmarks.standing_watch import StandingWatch


async def lock_store(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """A second, real connection holds the write lock of the log's database."""
    try:
        await asyncio.to_thread(hold_lock, night.state / "store.sqlite", blow.seconds)
    except sqlite3.Error as error:
        return Recovery(blow, None, refusal=f"the lock was not to be had: {error}")
    return await _recorder_again(watch, blow)


def hold_lock(path: Path, seconds: float) -> None:
    """Begin a write, wait, and give it up."""
    connection = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def fill_store(_night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """The kernel refuses the recorder every write to a file, as a full disk does."""
    pid = watch.pid("recorder")
    if pid is None or not can_fill():
        return Recovery(blow, None, refusal="no recorder runs" if can_fill() else _NO_LIMITS)
    with no_room(pid):
        await asyncio.sleep(blow.seconds)
    return await _recorder_again(watch, blow)


async def fill_journal(_night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """The same for one agent, whose journal takes nothing."""
    pid = find_pid(watch, blow.name)
    if pid is None or not can_fill():
        return Recovery(blow, None, refusal=f"{blow.name} does not run" if can_fill() else _NO_LIMITS)
    with no_room(pid):
        await asyncio.sleep(blow.seconds)
    after = time.monotonic()
    return Recovery(blow, await watch.until(lambda: watch.works_since(blow.name, after), TOO_LONG))


_NO_LIMITS = "only Linux lets another process's limit on files be set"


def can_fill() -> bool:
    """Whether this system lets the limit of another process be set."""
    return sys.platform == "linux"


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """Let no file of a process grow or be written: its limit on the size of files is 0 meanwhile."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        # Its successor begins without the limit: a limit belongs to a process.
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def make_store_read_only(night: BadNight, watch: StandingWatch, blow: Blow) -> Recovery:
    """The recorder is killed, and until the end of the blow the next ones find a database that they may not write."""
    pid, paths = watch.pid("recorder"), sorted(night.state.glob("store.sqlite*"))
    if pid is None:
        return Recovery(blow, None, refusal="no recorder runs")
    if not await asyncio.to_thread(protect, paths):
        return Recovery(blow, None, refusal="this user (root) may write what is read-only")
    send(pid, signal.SIGKILL)
    try:
        await asyncio.sleep(blow.seconds)
    finally:
        for path in paths:
            path.chmod(0o644)
    return await _recorder_again(watch, blow)


def protect(paths: list[Path]) -> bool:
    """Make files read-only; False, and nothing is changed, where this user may write them all the same."""
    for path in paths:
        path.chmod(0o444)
    try:
        with paths[0].open("r+b"):
            pass
    except PermissionError:
        return True
    for path in paths:
        path.chmod(0o644)
    return False


async def _recorder_again(watch: StandingWatch, blow: Blow) -> Recovery:
    """Wait until the log is served and nothing is refused."""
    after = time.monotonic()

    def serves() -> bool:
        return watch.head_at > after and watch.head is not None and watch.head.refusing is None

    return Recovery(blow, await watch.until(serves, TOO_LONG))


DISK_ARMS: Mapping[str, Arm] = {
    "store_locked": lock_store,
    "store_full": fill_store,
    "store_read_only": make_store_read_only,
    "journal_full": fill_journal,
}
"""Each arm by the fault that it gives."""
