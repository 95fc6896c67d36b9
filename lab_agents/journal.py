"""One agent's memory: position, state, outbox, concluded jobs and intents, in one small SQLite file."""

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from lab_agents.errors import FullJournalError, JournalError
from lab_agents.messages.entry import Entry
from lab_agents.messages.frames import GENESIS
from lab_agents.threads import Worker

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FORMAT = "1"
CACHE_KIB = 256
"""What SQLite keeps of the file in memory. The state is its largest part, and is only ever written: within SQLite's own
bound of 2 MiB copies of it would gather."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, entry BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS concluded (job TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS intent (token TEXT PRIMARY KEY, what TEXT NOT NULL, outcome TEXT);
"""


@dataclass(frozen=True)
class Saved:
    """What a journal remembers.

    `epochs` are those it may have been born under since the recorder last answered. `rebuilt_until` is the position up
    to which it was made anew from the log: intents of older jobs may be missing.
    """

    log: str = ""
    position: int = 0
    chain: str = GENESIS
    sequence: int = 0
    epochs: tuple[int, ...] = ()
    state: str | None = None
    state_version: str = ""
    rebuilt_until: int = 0


@dataclass
class Intent:
    """An actuation that was about to start; `outcome` (JSON) once it ended."""

    token: str
    what: str
    outcome: str | None = None


@dataclass(frozen=True)
class OutboxRow:
    """An entry that waits for its position."""

    sequence: int
    data: bytes


class Journal:
    """The file. Every method runs in the journal's own thread; the writes of one `transaction` commit together.

    Raises:
        JournalError: If another process holds it, or it is of another format or agent.
    """

    def __init__(self, path: Path, agent: str) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._agent = agent
        self._lock = _lock(path.with_suffix(".lock"), agent)
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._claim()
        except BaseException:
            self._db.close()
            raise

    def _claim(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._db.executescript(_SCHEMA)
        with self.transaction():
            for key, value in (("format", FORMAT), ("agent", self._agent)):
                found = self._get(key)
                if found is None:
                    self._set(key, value)
                elif found != value:
                    raise JournalError(f"{self.path} has {key} {found}, not {value}. Choose another --state folder.")

    @contextmanager
    def transaction(self) -> Iterator["Journal"]:
        """Everything written inside is committed together, or nothing.

        Raises:
            FullJournalError: If the disk takes nothing now; nothing was written.
        """
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield self
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:  # SQLite itself ends one that the disk had no room for
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise FullJournalError(f"{self.path} cannot be written: {error}. Free the disk or the lock.") from error
            raise

    def load(self) -> Saved:
        """What is remembered."""
        epochs = self._get("epochs") or ""
        return Saved(
            log=self._get("log") or "",
            position=int(self._get("position") or 0),
            chain=self._get("chain") or GENESIS,
            sequence=int(self._get("sequence") or 0),
            epochs=tuple(int(e) for e in epochs.split(",") if e),
            state=self._get("state"),
            state_version=self._get("state_version") or "",
            rebuilt_until=int(self._get("rebuilt_until") or 0),
        )

    def outbox(self, limit: int = 64) -> list[OutboxRow]:
        """The first entries without a position, in order."""
        rows = self._db.execute("SELECT sequence, entry FROM outbox ORDER BY sequence LIMIT ?", (limit,))
        return [OutboxRow(*row) for row in rows]

    def outbox_size(self) -> int:
        """How many entries have no position yet."""
        return int(self._db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def concluded(self) -> frozenset[str]:
        """Jobs whose outcome is on its way or in the log, and whose end the state may not have seen yet."""
        return frozenset(row[0] for row in self._db.execute("SELECT job FROM concluded"))

    def intents(self, tokens: Sequence[str]) -> dict[str, Intent]:
        """What is known of these actuations."""
        marks = ",".join("?" * len(tokens))
        rows = self._db.execute(f"SELECT token, what, outcome FROM intent WHERE token IN ({marks})", tuple(tokens))
        return {row[0]: Intent(*row) for row in rows}

    # Writing, inside a transaction.

    def write_position(self, log: str, position: int, chain: str) -> None:
        """Remember how far the log was followed."""
        self._set("log", log)
        self._set("position", str(position))
        self._set("chain", chain)

    def write_state(self, state: str, version: str) -> None:
        """Remember the agent's state (JSON) and the software that wrote it."""
        self._set("state", state)
        self._set("state_version", version)

    def add_outbox(self, entry: Entry) -> int:
        """Give the entry the next sequence; the same id again changes nothing and returns its sequence."""
        found = self._db.execute("SELECT sequence FROM outbox WHERE id = ?", (entry.id,)).fetchone()
        if found:
            return int(found[0])
        sequence = int(self._get("sequence") or 0) + 1
        self._set("sequence", str(sequence))
        self._db.execute("INSERT INTO outbox VALUES (?, ?, ?)", (sequence, entry.id, entry.to_bytes()))
        return sequence

    def drop_outbox(self, sequence: int) -> None:
        """The frame under `sequence` was answered: it has a position, or was refused."""
        self._db.execute("DELETE FROM outbox WHERE sequence = ?", (sequence,))

    def conclude(self, job: str) -> None:
        """The job ended and its outcome is in the outbox: it must not start again."""
        self._db.execute("INSERT OR IGNORE INTO concluded VALUES (?)", (job,))

    def forget(self, jobs: Sequence[str], tokens: Sequence[str]) -> None:
        """Jobs that the state no longer wants, and the intents of their acts."""
        self._db.executemany("DELETE FROM concluded WHERE job = ?", [(job,) for job in jobs])
        self._db.executemany("DELETE FROM intent WHERE token = ?", [(token,) for token in tokens])

    def write_epochs(self, epochs: Sequence[int]) -> None:
        """Epochs under which this journal may have been born since the recorder last answered."""
        self._set("epochs", ",".join(map(str, epochs)))

    def write_rebuilt(self, sequence: int, until: int) -> None:
        """A journal made anew: count after `sequence`, and remember that intents up to `until` may be missing."""
        self._set("sequence", str(sequence))
        self._set("rebuilt_until", str(until))

    def intend(self, token: str, what: str) -> None:
        """An actuation is about to start."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO intent VALUES (?, ?, NULL)", (token, what))

    def outcome(self, token: str, what: str) -> None:
        """An actuation ended; `what` (JSON) is what it brought."""
        with self.transaction():
            self._db.execute("INSERT OR IGNORE INTO intent VALUES (?, '', NULL)", (token,))
            self._db.execute("UPDATE intent SET outcome = ? WHERE token = ?", (what, token))

    def start_over(self) -> None:
        """Put the lost file aside and begin an empty one under the same lock."""
        self._db.close()
        aside = self.path.with_suffix(f".lost-{self.path.stat().st_mtime_ns}")
        self.path.rename(aside)
        for tail in ("-wal", "-shm"):
            Path(f"{self.path}{tail}").unlink(missing_ok=True)
        self._open()

    def close(self) -> None:
        """Close the file and give back its lock."""
        self._db.close()
        os.close(self._lock)

    def _get(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _set(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


class PatientWorker:
    """A journal's thread that tries again while the disk takes nothing.

    A process that ended instead would be started again on the same disk, and would forget what its instruments do.

    Attributes:
        trouble: Why nothing can be written now, or None.
    """

    def __init__(self, worker: Worker, pause: float) -> None:
        """`pause` is the wall time between two tries."""
        self._worker, self._pause = worker, pause
        self.trouble: str | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run to the first try that the disk takes; a transaction that failed has written nothing."""
        while True:
            try:
                result = await self._worker.run(function, *args, **kwargs)
            except FullJournalError as error:
                self.trouble = str(error)
                _log.warning("%s", error)
                await asyncio.sleep(self._pause)
            else:
                self.trouble = None
                return result

    def close(self) -> None:
        """End the thread."""
        self._worker.close()


@dataclass
class JournalIntents:
    """`instruments.protocols.Intents` on a journal: awaitable from any loop, committed in the journal's thread."""

    journal: Journal
    worker: Worker

    async def intend(self, token: str, what: str) -> None:
        """Commit the intent."""
        await self.worker.run(self.journal.intend, token, what)

    async def outcome(self, token: str, what: str) -> None:
        """Commit the outcome."""
        await self.worker.run(self.journal.outcome, token, what)


def _lock(path: Path, agent: str) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalError(f"Another process of {agent} holds {path}; it must end first.") from error
    return descriptor
