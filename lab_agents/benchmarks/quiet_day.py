"""The demonstration, undisturbed: how long it takes and how much memory its processes need."""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lab_agents.benchmarks.kills import see_through
from lab_agents.errors import StateFolderError
from lab_agents.memory import proportional_memory, tree_of
from lab_agents.state_folder import StateFolder, read_json

WEIGH = 5.0
"""Wall seconds between two looks at the memory; each makes the kernel walk every page table."""


@dataclass
class Day:
    """What was measured; memory in bytes (PSS), the largest seen of each process and of all together."""

    code: int | None = None
    seconds: float = 0.0
    memory: dict[str, int] = field(default_factory=dict)
    total_memory: int = 0
    actuations: int = 0
    moving: float = 1.0


class QuietDay:
    """Runs one campaign as a person would, and watches.

    Args:
        campaign: The campaign file.
        state: A fresh state folder.
    """

    def __init__(self, campaign: Path, state: Path) -> None:
        self._campaign, self._state = campaign, state

    async def run(self) -> Day:
        """From the command to its end."""
        day, begun = Day(), time.monotonic()
        command = [sys.executable, "-m", "lab_agents.cli", "run", str(self._campaign), "--state", str(self._state)]
        with self._state.with_suffix(".out").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command, "--plain", stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
            )
            weighing = asyncio.create_task(self._weigh(day, process.pid))
            try:
                day.code = await see_through(process, self._state)
            finally:
                weighing.cancel()
                await asyncio.gather(weighing, return_exceptions=True)
        day.seconds = time.monotonic() - begun
        day.actuations, day.moving = await asyncio.to_thread(read_pace, self._state / "simulator" / "ledger.jsonl")
        return day

    async def _weigh(self, day: Day, command: int) -> None:
        while True:
            await asyncio.sleep(WEIGH)
            sizes = await asyncio.to_thread(weigh_processes, self._state, command)
            day.total_memory = max(day.total_memory, sum(sizes.values()))
            for name, size in sizes.items():
                day.memory[name] = max(size, day.memory.get(name, 0))


def weigh_processes(state: Path, command: int) -> dict[str, int]:
    """Bytes (PSS) of the command and of each process of its laboratory, by name; empty before there is one."""
    try:
        folder = StateFolder.open(state)
        guards = [path.parent.name for path in (state / "guard").glob("*/children.json")]
        children = [child for g in guards for child in _children(folder, g)]
        guard = read_json(folder.runtime).get("guard")
    except StateFolderError:
        return {}
    pids = {"run": command, **({"guard": guard} if isinstance(guard, int) else {}), **dict(children)}
    known = set(pids.values())
    # A process's own children (a resource tracker, say) are its memory too, but not those named themselves.
    return {name: proportional_memory(tree_of([pid]) - (known - {pid})) for name, pid in pids.items()}


def _children(folder: StateFolder, machine: str) -> list[tuple[str, int]]:
    listed = read_json(folder.guard(machine) / "children.json").get("children", [])
    return [(str(child["name"]), int(child["pid"])) for child in listed if child.get("pid")]


def read_pace(ledger: Path) -> tuple[int, float]:
    """How many actuations a ledger holds, and the wall seconds from the first to the last."""
    lines = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []
    moved = [datetime.fromisoformat(line["wall"]) for line in lines if line.get("token")]
    span = (moved[-1] - moved[0]).total_seconds() if len(moved) > 1 else 1.0
    return len(moved), max(span, 1e-3)
