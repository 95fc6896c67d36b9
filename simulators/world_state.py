"""The world on disk: ledger, clock, tokens. Used by one thread, except for its plain reads."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

from lab_agents.records.recipe import act_of
from simulators.errors import WorldError
from simulators.ledger import Detail, Ledger, LedgerLine
from simulators.world.things import Film, Things

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS programs (
    instrument TEXT, token TEXT, state INTEGER NOT NULL, action TEXT NOT NULL, details TEXT NOT NULL,
    started_at TEXT NOT NULL, ends_at TEXT NOT NULL, acknowledged INTEGER NOT NULL, PRIMARY KEY (instrument, token));
"""


def _wall_now() -> datetime:
    return datetime.now(UTC)


FAILS = "fails"
"""The detail of a program that will end badly, as its instrument sees for itself: what went wrong."""


class TokenState(IntEnum):
    """What an instrument knows of a token, on every wire."""

    NEVER_SEEN = 0
    RUNNING = 1
    DONE = 2
    FAILED = 3


@dataclass(frozen=True)
class Program:
    """One accepted program: token, state, what moved, from when to when in laboratory time."""

    instrument: str
    token: str
    state: TokenState
    action: str
    details: Mapping[str, Detail]
    started_at: datetime
    ends_at: datetime
    acknowledged: bool = False

    @property
    def key(self) -> str:
        """What its draws are keyed by: the act, whatever the attempt."""
        return act_of(self.token)

    def to_row(self) -> tuple[str, str, int, str, str, str, str, int]:
        """A row of the table `programs`."""
        details = json.dumps(dict(self.details), ensure_ascii=False)
        times = self.started_at.isoformat(), self.ends_at.isoformat()
        return self.instrument, self.token, int(self.state), self.action, details, *times, int(self.acknowledged)

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "Program":
        """The program in a row of the table."""
        instrument, token, state, action, details, started_at, ends_at, acknowledged = row
        times = datetime.fromisoformat(started_at), datetime.fromisoformat(ends_at)
        return cls(instrument, token, TokenState(state), action, json.loads(details), *times, bool(acknowledged))


@dataclass(frozen=True)
class Begin:
    """A program that is accepted: what its ledger line will say, and how long it takes (seconds of laboratory time)."""

    instrument: str
    token: str
    epoch: int
    action: str
    details: Mapping[str, Detail]
    duration: float


class _Shelf:
    """Programs whose outcome is known to stand in the log, packed: hardly anybody asks for them, and they get more."""

    def __init__(self) -> None:
        self._packed: dict[str, dict[str, bytes]] = {}

    def put(self, program: Program) -> None:
        """Keep a program that ended and was acknowledged."""
        _, _, *row = program.to_row()
        packed = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
        self._packed.setdefault(program.instrument, {})[program.token] = packed

    def find(self, instrument: str, token: str) -> Program | None:
        """The program, made anew."""
        packed = self._packed.get(instrument, {}).get(token)
        return None if packed is None else Program.from_row((instrument, token, *json.loads(packed)))


class WorldState:
    """Everything that survives a power cut.

    An act's ledger line is synced first, the database is committed after it. Opening folds the whole ledger into
    things, and takes over the programs that the database lacks; what ran then has failed, because its power was cut.
    Only the ledger is synced: a machine that loses its own power may lose the database's last commits, that is some
    ends of programs and an instant of the clock.
    """

    def __init__(
        self,
        folder: Path,
        starts_at: datetime,
        wall: Callable[[], datetime] = _wall_now,
        standing: Iterable[Film] = (),
    ) -> None:
        """Open or begin a world.

        Args:
            folder: Holds `ledger.jsonl` and `world.sqlite`.
            starts_at: Laboratory time of a new world.
            wall: Wall time, for the ledger.
            standing: What stands in the laboratory before anything is done.

        Raises:
            WorldError: If ledger and database cannot belong together.
        """
        self._wall = wall
        self._broken: str | None = None
        self.things = Things.standing(standing)
        self._programs: dict[tuple[str, str], Program] = {}
        self._shelf = _Shelf()
        self._running: dict[str, Program] = {}
        self._ended: dict[str, tuple[str, str]] = {}
        self._ledger = Ledger(folder / "ledger.jsonl")
        self._database = sqlite3.connect(folder / "world.sqlite", check_same_thread=False, isolation_level=None)
        try:
            self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
            self._facts: dict[str, str] = dict(self._database.execute("SELECT name, value FROM facts"))
            self._now = datetime.fromisoformat(self._facts.get("now", starts_at.isoformat()))
            self._load()
            self._recover(folder)
        except BaseException:
            self.close()
            raise

    @property
    def now(self) -> datetime:
        """Laboratory time."""
        return self._now

    def program(self, instrument: str, token: str) -> Program | None:
        """What an instrument knows of a token."""
        return self._programs.get((instrument, token)) or self._shelf.find(instrument, token)

    def running(self, instrument: str) -> Program | None:
        """What an instrument executes."""
        return self._running.get(instrument)

    def next_end(self) -> datetime | None:
        """When the first of the running programs ends."""
        return min((p.ends_at for p in list(self._running.values())), default=None)

    def running_tokens(self) -> frozenset[str]:
        """Tokens of the running programs."""
        return frozenset(program.token for program in list(self._running.values()))

    def unacknowledged(self) -> frozenset[str]:
        """Tokens of ended programs whose outcome is not known to stand in the log."""
        return frozenset(self._ended)

    def fact(self, name: str) -> str | None:
        """A remembered value (largest epochs seen, limits, ports)."""
        return self._facts.get(name)

    def remember(self, name: str, value: str) -> None:
        """Keep a value over power cuts."""
        with self._commit():
            self._set_fact(name, value)

    def begin(self, begin: Begin) -> Program:
        """Write the ledger line, then let the act take effect.

        Raises:
            OSError: If the ledger's disk does not take the line; nothing happened.
            WorldError: If the world broke earlier.
        """
        line = self._line(begin.instrument, begin.token, begin.epoch, begin.action, begin.details)
        self._append(line)
        ends_at = self._now + timedelta(seconds=begin.duration)
        program = Program(
            begin.instrument, begin.token, TokenState.RUNNING, begin.action, begin.details, self._now, ends_at
        )
        with self._commit():
            self._take_effect(line)
            self._keep(program)
        return program

    def halt(self, instrument: str) -> None:
        """End the running program of an instrument as failed; without one nothing happens."""
        program = self._running.get(instrument)
        if program is None:
            return
        line = self._line(instrument, program.token, 0, "halt", {"halted": program.action})
        self._append(line)
        with self._commit():
            self._take_effect(line)
            self._keep(replace(program, state=TokenState.FAILED, ends_at=self._now))

    def load(self, instrument: str, details: Mapping[str, Detail]) -> None:
        """Write down what a person loaded into an instrument; no program does that, and none is ended by it."""
        line = self._line(instrument, "", 0, "load", details)
        self._append(line)
        with self._commit():
            self._take_effect(line)

    def set_time(self, to: datetime) -> None:
        """Set the clock to `to`, never back."""
        with self._commit():
            self._now = max(self._now, to)
            self._set_fact("now", self._now.isoformat())

    def end_due(self) -> None:
        """End what is due: as done, or as failed where the instrument sees that something went wrong."""
        with self._commit():
            for program in [p for p in self._running.values() if p.ends_at <= self._now]:
                state = TokenState.FAILED if program.details.get(FAILS) else TokenState.DONE
                self._keep(replace(program, state=state))

    def advance(self, to: datetime) -> None:
        """Set the clock and end what is due."""
        self.set_time(to)
        self.end_due()

    def acknowledge(self, tokens: Collection[str]) -> None:
        """Forget these among the unacknowledged."""
        with self._commit():
            for token in tokens:
                if (key := self._ended.get(token)) is not None:
                    self._keep(replace(self._programs[key], acknowledged=True))

    def close(self) -> None:
        """Close the files."""
        self._database.close()
        self._ledger.close()

    def _line(self, instrument: str, token: str, epoch: int, action: str, details: Mapping[str, Detail]) -> LedgerLine:
        at, wall = self._now.isoformat(), self._wall().isoformat()
        return LedgerLine(self._ledger.head + 1, at, wall, instrument, token, epoch, action, details)

    def _append(self, line: LedgerLine) -> None:
        self._check_whole()
        self._ledger.append(line)

    def _check_whole(self) -> None:
        if self._broken:
            raise WorldError(f"The simulated world cannot go on: {self._broken}. Make room, then start it again.")

    def _take_effect(self, line: LedgerLine) -> None:
        self.things.apply(line)
        self._set_fact("ledger", str(line.number))

    def _keep(self, program: Program) -> None:
        self._remember_program(program)
        self._database.execute("INSERT OR REPLACE INTO programs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", program.to_row())

    def _remember_program(self, program: Program) -> None:
        key = (program.instrument, program.token)
        if program.state is TokenState.RUNNING:
            self._programs[key] = self._running[program.instrument] = program
            return
        if (running := self._running.get(program.instrument)) is not None and running.token == program.token:
            del self._running[program.instrument]
        if program.acknowledged:
            # On the shelf before it is taken from the table: who asks meanwhile, in another thread, finds it in one.
            self._shelf.put(program)
            self._programs.pop(key, None)
            self._ended.pop(program.token, None)
        else:
            self._programs[key] = program
            self._ended[program.token] = key

    def _set_fact(self, name: str, value: str) -> None:
        self._facts[name] = value
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _load(self) -> None:
        for row in self._database.execute("SELECT * FROM programs ORDER BY rowid"):
            self._remember_program(Program.from_row(row))

    def _recover(self, folder: Path) -> None:
        applied = int(self._facts.get("ledger", "0"))
        if applied > self._ledger.head:
            raise WorldError(
                f"{folder}: the world knows ledger line {applied}, but the ledger ends at {self._ledger.head}. "
                "Restore ledger.jsonl from a backup, or start with an empty simulator folder."
            )
        cut: list[str] = []
        with self._commit():
            for line in self._ledger.after(0):
                if line.number <= applied:
                    self.things.apply(line)
                    continue
                self._take_effect(line)
                cut += self._cut_short(line)
            for program in list(self._running.values()):
                self._keep(replace(program, state=TokenState.FAILED, ends_at=self._now))
                cut.append(program.token)
        line = self._line("laboratory", "", 0, "power_on", {"cut": cut})
        self._append(line)
        with self._commit():
            self._take_effect(line)

    def _cut_short(self, line: LedgerLine) -> list[str]:
        """Keep what a line that the database lacked says of its token: it began, and its power was cut."""
        at = datetime.fromisoformat(line.at)
        if line.action == "halt":
            known = self._programs[line.instrument, line.token]
            self._keep(replace(known, state=TokenState.FAILED, ends_at=at))
        elif line.token:
            program = Program(line.instrument, line.token, TokenState.FAILED, line.action, line.details, at, at)
            self._keep(program)
            return [line.token]
        return []

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """One transaction. A world that fails in one is broken: its memory is ahead of its disk."""
        self._check_whole()
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except (sqlite3.Error, KeyError) as error:
            self._broken = repr(error)
            raise WorldError(f"The simulated world could not be written: {error!r}.") from error
