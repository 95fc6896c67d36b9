"""How much memory a tree of processes takes, shared pages counted once (PSS)."""

import os
from collections.abc import Iterable
from pathlib import Path

import psutil


def tree_of(pids: Iterable[int]) -> set[int]:
    """The processes and all their descendants that are alive."""
    # One look at all processes: psutil's own walk down from a process takes one for each.
    children: dict[int, list[int]] = {}
    for process in psutil.process_iter(["ppid"]):
        children.setdefault(process.info["ppid"] or 0, []).append(process.pid)
    alive = {pid for below in children.values() for pid in below}
    found: set[int] = set()
    waiting = [pid for pid in pids if pid in alive]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return found


def proportional_memory(pids: Iterable[int]) -> int:
    """Bytes that the processes take together; where the system tells no PSS, resident memory stands in."""
    total = 0
    for pid in pids:
        try:
            total += _pss(pid)
        except (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):
            continue
    return total


def weigh(pids: Iterable[int]) -> int:
    """Bytes that the processes and all their descendants take together."""
    return proportional_memory(tree_of(pids))


def _pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.parent.exists() or os.name != "posix":
        return int(psutil.Process(pid).memory_info().rss)
    try:
        for line in rollup.read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        return int(psutil.Process(pid).memory_info().rss)
    return 0
