"""A laboratory of real processes for tests: started by commands, watched from outside, struck with signals."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from lab_agents.audit import audit
from lab_agents.auditing.report import AuditReport
from lab_agents.benchmarks.kills import left_over
from lab_agents.benchmarks.standing_watch import StandingWatch
from lab_agents.messages.frames import Head, Logged
from lab_agents.replay import replay_state
from lab_agents.replaying.report import ReplayReport
from lab_agents.store.reader import StoreReader

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0
"""Wall seconds for anything that a laboratory does in a few on a quiet machine."""


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    errors: str

    def json(self) -> Any:
        """Its answer, where `--json` asked for one."""
        return json.loads(self.out)


def write_campaign(path: Path, *, samples: int, example: str = "opv_blend", **changes: object) -> Path:
    """The campaign of an example with fewer films; `changes` are fields of the file."""
    declared = yaml.safe_load((ROOT / "examples" / f"{example}.yaml").read_text())
    small = {"budget": {"samples": samples}, "batch": 2, "planner": {"name": "space_filling", "initial": 1}}
    declared |= {**small, **changes}
    path.write_text(yaml.safe_dump(declared, sort_keys=False))
    return path


async def call(*arguments: object, within: float = PATIENCE, **environment: str) -> Said:
    """Run one command to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lab_agents.cli", *map(str, arguments)),
        cwd=ROOT,
        env=os.environ | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return Said(process.returncode or 0, out.decode(), errors.decode())


class RealLaboratory:
    """One state folder and the command that shows its campaign.

    `watch` hears what heads and statuses say, from `start` on.
    """

    def __init__(self, state: Path, closing: AsyncExitStack) -> None:
        self.state = state
        self.watch: StandingWatch
        self.broker = ""
        self._closing = closing
        self._command: asyncio.subprocess.Process | None = None
        self._output = state.with_suffix(".out")

    async def start(self, campaign: Path, *arguments: str) -> None:
        """`lab-agents run`, until every agent works."""
        await self.show("run", str(campaign), *arguments)
        await self.until(lambda: (self.state / "runtime.json").exists())
        runtime = _read(self.state / "runtime.json")
        lab = str(_read(self.state / "lab.json")["lab"])
        self.broker = str(runtime["broker"])
        self.watch = StandingWatch(self.broker, lab, f"test-{os.getpid()}")
        await self._closing.enter_async_context(self.watch.bus)
        await self.watch.start()
        agents = yaml.safe_load((self.state / "lab.yaml").read_text())["agents"]
        await self.until(lambda: set(self.watch.agents) >= set(agents) and self.watch.all_work(0))

    async def show(self, *arguments: str) -> None:
        """Start a command that stays with the laboratory: `run` or `resume`."""
        with self._output.open("ab") as output:
            self._command = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lab_agents.cli", *arguments, "--state", str(self.state), "--plain"),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def interrupt(self) -> None:
        """Ctrl-C in the terminal of that command."""
        assert self._command is not None
        self._command.send_signal(signal.SIGINT)

    async def ended(self, within: float = PATIENCE) -> int:
        """The exit code of that command."""
        assert self._command is not None
        async with asyncio.timeout(within):
            return await self._command.wait()

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait for `condition`, but no longer than the command lives or `within` wall seconds."""
        async with asyncio.timeout(within):
            while not condition():
                assert self._command is None or self._command.returncode is None, self.said()
                await asyncio.sleep(0.02)

    async def passes(self, seconds: float) -> None:
        """Let so many wall seconds go by; the laboratory's time, not the test's, is what is waited for."""
        await asyncio.sleep(seconds)

    async def until_a_film_soaks(self) -> None:
        """Wait until the tester has begun another soak."""
        n_soaks = self._n_soaks()
        await self.until(lambda: self._n_soaks() > n_soaks)

    def _n_soaks(self) -> int:
        return sum(act["action"] == "soak" for act in self.acts())

    def said(self) -> str:
        """What the commands that showed the laboratory printed."""
        return self._output.read_text()

    def pids(self) -> dict[str, int]:
        """Every process of the laboratory by name, as the guard wrote them down; the guard is `guard`."""
        found: dict[str, int] = {}
        for path in (self.state / "guard").glob("*/children.json"):
            recorded = _read(path)
            found |= {row["name"]: row["pid"] for row in recorded["children"]} | {"guard": recorded["guard"]["pid"]}
        return {name: pid for name, pid in found.items() if _is_alive(pid)}

    def send(self, name: str, what: signal.Signals) -> int:
        """Send a signal to a process; returns its id."""
        pid = self.pids()[name]
        os.kill(pid, what)
        return pid

    def acts(self) -> list[Mapping[str, Any]]:
        """What agents moved, from the simulated laboratory's own ledger."""
        path = self.state / "simulator" / "ledger.jsonl"
        whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        return [line for line in map(json.loads, whole) if line["token"] and line["action"] != "halt"]

    async def entries(self, *kinds: str) -> list[Logged]:
        """Entries of these kinds, in order; all of them where none is named."""

        def read() -> list[Logged]:
            with StoreReader(self.state / "store.sqlite") as reader:
                return list(reader.entries(kinds))

        return await asyncio.to_thread(read)

    async def until_logged(self, kind: str, more_than: int = 0, within: float = PATIENCE) -> None:
        """Wait until the log holds more than so many entries of a kind."""
        async with asyncio.timeout(within):
            while True:
                head = self.watch.head
                if len(await self.entries(kind)) > more_than:
                    return
                await self._next_head(head)

    async def _next_head(self, last: Head | None) -> None:
        await self.until(lambda: self.watch.head != last)

    async def audit(self) -> AuditReport:
        """See `lab_agents.audit`."""
        return await asyncio.to_thread(audit, self.state)

    async def replay(self) -> ReplayReport:
        """See `lab_agents.replay`."""
        return await asyncio.to_thread(replay_state, self.state)

    async def clear(self) -> None:
        """Kill what is left of the laboratory; a test that went well leaves nothing."""
        if self._command is not None and self._command.returncode is None:
            self._command.kill()
            await self._command.wait()
        # The guard first: it would start the others again.
        for _ in range(3):
            for _, pid in sorted(self.pids().items(), key=lambda child: child[0] != "guard"):
                _kill(pid)
            for process in await asyncio.to_thread(left_over, self.state):
                _kill(int(process.rpartition("(")[2].rstrip(")")))


@asynccontextmanager
async def real_laboratory(folder: Path) -> AsyncIterator[RealLaboratory]:
    """A laboratory in `folder/state`; whatever of it still runs at the end is killed."""
    async with AsyncExitStack() as closing:
        laboratory = RealLaboratory(folder / "state", closing)
        try:
            yield laboratory
        finally:
            await laboratory.clear()


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
