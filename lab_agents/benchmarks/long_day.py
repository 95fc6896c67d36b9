"""A campaign that is looked at every few samples: memory of its processes, size of its journals."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lab_agents.benchmarks.disk_use import weigh_journals
from lab_agents.benchmarks.kills import see_through
from lab_agents.benchmarks.quiet_day import weigh_processes
from lab_agents.child import with_last_words
from lab_agents.errors import GuardError

EVERY = 10
"""Samples between two looks; each makes the kernel walk the page tables of twenty processes."""
PAUSE = 1.0
"""Wall seconds between two counts of the samples."""


@dataclass(frozen=True)
class Look:
    """Bytes of each process (PSS) and of each agent's journal, when so many samples were made."""

    samples: int
    memory: Mapping[str, int]
    journals: Mapping[str, int]


class LongDay:
    """Runs one campaign as a person would, and looks while its samples are made.

    Args:
        campaign: The campaign file.
        state: A fresh state folder.
        samples: The campaign's budget.
        progress: Told samples made and planned.
    """

    def __init__(self, campaign: Path, state: Path, samples: int, progress: Callable[[int, int], None]) -> None:
        self._campaign, self._state, self._samples, self._progress = campaign, state, samples, progress
        self.looks: list[Look] = []

    async def run(self) -> int:
        """From the command to its end; the exit code.

        Raises:
            GuardError: If it ended before its laboratory had a log; with its last words.
        """
        command = [sys.executable, "-m", "lab_agents.cli", "run", str(self._campaign), "--state", str(self._state)]
        said = self._state.with_suffix(".out")
        with said.open("wb") as output:
            # No report: drawing one loads what no campaign needs, and is not what is measured.
            process = await asyncio.create_subprocess_exec(
                *command, "--plain", "--no-report", stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
            )
            looking = asyncio.create_task(self._look(process.pid))
            try:
                code = await see_through(process, self._state)
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
        await asyncio.to_thread(self._check_begun, code, said)
        return code

    def _check_begun(self, code: int, said: Path) -> None:
        if not (self._state / "store.sqlite").exists():
            raise GuardError(f"The campaign ended before it began: {with_last_words(f'exit code {code}', said)}.")

    async def _look(self, command: int) -> None:
        due = EVERY
        while True:
            await asyncio.sleep(PAUSE)
            made = await asyncio.to_thread(count_made, self._state / "store.sqlite")
            if due <= made < self._samples:
                memory = await asyncio.to_thread(weigh_processes, self._state, command)
                journals = await asyncio.to_thread(weigh_journals, self._state)
                self.looks.append(Look(made, memory, journals))
                self._progress(made, self._samples)
                due = made - made % EVERY + EVERY


def count_made(store: Path) -> int:
    """Samples that the log says were made; 0 while there is no log."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as log:
            return int(log.execute("SELECT count(*) FROM log WHERE kind = 'SampleMade'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
