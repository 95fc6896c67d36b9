"""A SQLite file that can be full or read-only, as a disk is: by SQLite's own limits, not by a stand-in."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from lab_agents.journal import Journal

NO_LIMIT = 0x40000000


class Disk:
    """Every connection that an engine opens while the disk is watched."""

    def __init__(self) -> None:
        self._connections: list[sqlite3.Connection] = []

    def watch(self, connection: sqlite3.Connection, _record: object) -> None:
        """A connection was opened."""
        self._connections.append(connection)

    def fill(self) -> None:
        """Not one more page fits."""
        self._say("max_page_count = 1")

    def free(self) -> None:
        """There is room again, and it can be written."""
        self._say(f"max_page_count = {NO_LIMIT}")
        self._say("query_only = OFF")

    def protect(self) -> None:
        """It is read-only."""
        self._say("query_only = ON")

    def _say(self, pragma: str) -> None:
        for connection in self._connections:
            connection.execute(f"PRAGMA {pragma}").fetchall()


def connection_of(journal: Journal) -> sqlite3.Connection:
    """A journal's connection: the limits that stand for a disk's belong to a connection."""
    return next(value for value in vars(journal).values() if isinstance(value, sqlite3.Connection))


@contextmanager
def watched_disk() -> Iterator[Disk]:
    """The disk under every engine that connects inside."""
    disk = Disk()
    event.listen(Engine, "connect", disk.watch)
    try:
        yield disk
    finally:
        event.remove(Engine, "connect", disk.watch)
