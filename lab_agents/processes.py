"""Facts about processes that a guard rests on: who is who, who is gone, who dies with whom."""

import asyncio
import ctypes
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import psutil

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent's thread ends (Linux); elsewhere the pipe's end must do.

    Call it in the main thread, in the child: the setting follows the thread that forked and is cleared by a fork.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def identity(pid: int) -> str | None:
    """Name the process that now has `pid`, or None where there is none (a zombie is none).

    A process id is used again sooner or later; with the instant of its start it names one process for ever.
    """
    if sys.platform == "linux":
        try:
            fields = _read_kernel(f"/proc/{pid}/stat").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # Clock ticks since boot, which no change of the wall clock moves; the boot's id makes them unique.
        boot = _read_kernel("/proc/sys/kernel/random/boot_id").strip()
        return None if fields[0] in "ZX" else f"{boot}/{pid}/{fields[19]}"
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{pid}/{process.create_time():.2f}"
    return None


def _read_kernel(path: str) -> str:
    # Unbuffered: what the kernel says never waits for a disk, so this may be called in an event loop.
    with io.FileIO(path) as file:
        return file.read().decode()


def kill(pid: int, name: str) -> bool:
    """Send SIGKILL to the process and its group if it still is the one called `name`; False where it is gone."""
    if pid <= 1 or identity(pid) != name:
        return False
    with suppress(ProcessLookupError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    return True


async def kill_and_wait(pid: int, name: str, *, within: float = 10.0) -> bool:
    """Kill a process that is perhaps nobody's child of ours, and wait until it is gone.

    Returns:
        False where it still stands after `within` seconds (it hangs in the kernel): nothing may take its place then.
    """
    kill(pid, name)
    return await wait_gone(pid, name, within=within)


async def wait_gone(pid: int, name: str, *, within: float) -> bool:
    """Wait until the process is gone; False where it still stands after `within` seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while identity(pid) == name:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


_BOUND = (
    "import ctypes,os,sys\n"
    "ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)\n"
    "os.getppid() == int(sys.argv[1]) or sys.exit(70)\n"
    "os.execv(sys.argv[2], sys.argv[2:])"
)


def dying_with_parent(command: Sequence[str]) -> list[str]:
    """A command line that runs a foreign program bound to this process (Linux); elsewhere the command as it is.

    The setting survives the exec. Python's `preexec_fn` would be shorter and can deadlock once there are threads.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *command]
