"""Notices on disk until every channel that they are for has taken them."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from lab_agents.errors import StateFolderError
from lab_agents.notify.notice import Notice
from lab_agents.records.base import Record
from lab_agents.records.notification import About

KEPT = timedelta(days=30)
"""For how long a delivered notice stays, so that the same thing is not told again."""

_TABLES = """
CREATE TABLE IF NOT EXISTS notice (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    channel TEXT NOT NULL, number INTEGER NOT NULL REFERENCES notice ON DELETE CASCADE, delivered_at TEXT,
    PRIMARY KEY (channel, number));
CREATE TABLE IF NOT EXISTS channel (name TEXT PRIMARY KEY, failing_since TEXT, error TEXT NOT NULL, delivered_at TEXT);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class ChannelState(Record):
    """How a channel stands: notices that wait, since when it takes none and why, when it took the last one."""

    name: str
    n_waiting: int = 0
    failing_since: str | None = None
    error: str = ""
    delivered_at: str | None = None

    @property
    def text(self) -> str:
        """For people."""
        waits = f"{self.n_waiting} waiting" if self.n_waiting else "nothing waits"
        if self.failing_since is not None:
            return f"{waits}, it takes nothing since {self.failing_since}: {self.error}"
        return f"{waits}, last taken {self.delivered_at or 'never'}"


class PendingNotices:
    """The file. Used by one thread; every method commits before it returns.

    Raises:
        StateFolderError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; {_TABLES}")
        except sqlite3.Error as error:
            self._db.close()
            raise StateFolderError(
                f"{path} cannot be opened: {error}. Move it away; what waits in it is lost."
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def position(self) -> int | None:
        """How far the log was told, or None before the first time."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
        return None if row is None else int(row[0])

    def since(self, now: datetime) -> datetime:
        """Since when there is a notifier at all: from `now` on, where there was none before."""
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('since', ?)", (now.isoformat(),))
        row = self._db.execute("SELECT value FROM meta WHERE key = 'since'").fetchone()
        return datetime.fromisoformat(row[0])

    def add(
        self, notices: Sequence[Notice], channels: Mapping[str, Collection[About]], position: int | None = None
    ) -> int:
        """Keep what is new for the channels that want to be told of it, and how far the log was followed.

        Returns:
            How many were new: the same id is kept once.
        """
        n_new = 0
        with self._transaction():
            for notice in notices:
                row = (notice.id, notice.at.isoformat(), notice.model_dump_json())
                cursor = self._db.execute("INSERT OR IGNORE INTO notice (id, at, data) VALUES (?, ?, ?)", row)
                if cursor.rowcount:
                    n_new += 1
                    wanted = [(name, cursor.lastrowid) for name, about in channels.items() if notice.about in about]
                    self._db.executemany("INSERT INTO delivery (channel, number) VALUES (?, ?)", wanted)
            if position is not None:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('position', ?)", (str(position),))
        return n_new

    def waiting(self, channel: str) -> list[tuple[int, Notice]]:
        """What a channel has not taken yet, in order, with its numbers."""
        rows = self._db.execute(
            "SELECT number, data FROM delivery JOIN notice USING (number) "
            "WHERE channel = ? AND delivered_at IS NULL ORDER BY number LIMIT 1000",
            (channel,),
        )
        return [(number, Notice.model_validate_json(data)) for number, data in rows]

    def taken(self, channel: str, numbers: Sequence[int], at: datetime) -> None:
        """A channel took these."""
        stamp = at.isoformat(timespec="seconds")
        with self._transaction():
            rows = [(stamp, channel, number) for number in numbers]
            self._db.executemany("UPDATE delivery SET delivered_at = ? WHERE channel = ? AND number = ?", rows)
            self._db.execute("INSERT OR REPLACE INTO channel VALUES (?, NULL, '', ?)", (channel, stamp))
            self._db.execute(
                "DELETE FROM notice WHERE at < ? AND number NOT IN "
                "(SELECT number FROM delivery WHERE delivered_at IS NULL)",
                ((at - KEPT).isoformat(),),
            )

    def failed(self, channel: str, error: str, at: datetime) -> datetime:
        """A channel took nothing; since when that is so."""
        stamp = at.isoformat(timespec="seconds")
        with self._transaction():
            self._db.execute(
                "INSERT INTO channel VALUES (?, ?, ?, NULL) ON CONFLICT (name) DO UPDATE "
                "SET failing_since = coalesce(failing_since, excluded.failing_since), error = excluded.error",
                (channel, stamp, error),
            )
        row = self._db.execute("SELECT failing_since FROM channel WHERE name = ?", (channel,)).fetchone()
        return datetime.fromisoformat(row[0])

    def states(self, channels: Collection[str]) -> tuple[ChannelState, ...]:
        """How these channels stand."""
        return tuple(_state(self._db, name) for name in channels)

    def _transaction(self) -> sqlite3.Connection:
        # Left as a context, a connection commits, or takes back what failed.
        self._db.execute("BEGIN IMMEDIATE")
        return self._db


def read_states(path: Path, channels: Collection[str]) -> tuple[ChannelState, ...]:
    """How channels stand, for whoever looks from outside; nothing is known before the notifier began."""
    if not path.exists():
        return tuple(ChannelState(name=name) for name in channels)
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return tuple(_state(database, name) for name in channels)
    except sqlite3.Error as error:
        return tuple(ChannelState(name=name, error=f"{path} cannot be read: {error}") for name in channels)


def _state(database: sqlite3.Connection, name: str) -> ChannelState:
    count = "SELECT count(*) FROM delivery WHERE channel = ? AND delivered_at IS NULL"
    n_waiting = database.execute(count, (name,)).fetchone()[0]
    row = database.execute("SELECT failing_since, error, delivered_at FROM channel WHERE name = ?", (name,)).fetchone()
    failing_since, error, delivered_at = row or (None, "", None)
    return ChannelState(
        name=name, n_waiting=n_waiting, failing_since=failing_since, error=error, delivered_at=delivered_at
    )
