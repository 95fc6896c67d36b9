"""Sealing a store while it is written: the digests that go with each commit, carried from one to the next."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection

from lab_agents.store.seals import (
    BEGINNING,
    Remainder,
    SealBook,
    SealLine,
    StoreState,
    digest_row,
    read_seals,
    standing,
)

COLUMNS = (
    *("position", "id", "source", "epoch", "sequence", "kind", "campaign", "subject", "cause", "at", "recorded_at"),
    "chain",
)
"""The sealed columns of the log; `chain` covers the remaining one, `entry`."""
SOURCE_COLUMNS = ("source", "epoch", "last_epoch", "sequence")
LEASE_COLUMNS = ("id", "log", "lab", "recorder")


def seals_of(store: Path) -> Path:
    """Where the seals of a store file stand: beside it, as `store.seals`."""
    return store.with_suffix(".seals")


def read_rest(connection: Connection) -> tuple[Remainder, dict[str, tuple[object, ...]]]:
    """The digest of every row of `source` and `lease`, and these rows by source, the lease under an empty name."""
    # As text, so that no type of ours stands between a value and its digest.
    sources = connection.execute(text(f"SELECT {', '.join(SOURCE_COLUMNS)} FROM source")).all()
    leases = connection.execute(text(f"SELECT {', '.join(LEASE_COLUMNS)} FROM lease")).all()
    rows: dict[str, tuple[object, ...]] = {str(row[0]): ("source", *row) for row in sources}
    rest = Remainder(("source", *row) for row in sources)
    for lease in leases:
        rest.add(("lease", *lease))
        rows[""] = ("lease", *lease)
    return rest, rows


def digest_after(connection: Connection, position: int, rows: str) -> tuple[int, str]:
    """The last position of the log and the running digest there, from `rows`, which is that at `position`."""
    query = text(f"SELECT {', '.join(COLUMNS)} FROM log WHERE position > :after ORDER BY position")
    for row in connection.execute(query, {"after": position}):
        position, rows = row[0], digest_row(rows, row)
    return position, rows


class Sealer:
    """What a recorder knows of its store's digests.

    Args:
        store: The store's file.
    """

    def __init__(self, store: Path) -> None:
        self._book = SealBook(seals_of(store))
        self._state = self._staged = StoreState(0, BEGINNING, Remainder().digest)
        self._rest = self._staged_rest = Remainder()
        self._known: dict[str, tuple[object, ...]] = {}
        self._news: dict[str, tuple[object, ...]] = {}

    def resume(self, connection: Connection) -> None:
        """Take the digests up where the last recorder left them; say so where the store is another one.

        The rows before the last seal are taken on trust, for a store may be long; `lab-agents verify` reads them all.

        Raises:
            StoreError: If the file of seals cannot be read or written.
        """
        lines = read_seals(self._book.path, tail=True)
        head = int(connection.execute(text("SELECT coalesce(max(position), 0) FROM log")).scalar_one())
        begin = _last_full(lines, head)
        position, rows = digest_after(connection, *((begin.position, begin.rows) if begin else (0, BEGINNING)))
        self._rest, self._known = read_rest(connection)
        self._state = StoreState(position, rows, self._rest.digest)
        is_new = not lines and not position and not self._known
        if not is_new and not any(self._state.is_said_by(line) for line in standing(lines)):
            self._book.found(self._state)

    def stage(
        self,
        rows: Iterable[Mapping[str, object]],
        sources: Iterable[tuple[str, int, int, int]],
        lease: tuple[int, str, str, int] | None = None,
    ) -> None:
        """Seal what the present transaction will leave behind; call it inside, after everything was written.

        Args:
            rows: New rows of the log, in order.
            sources: New rows of `source`, each in place of the one with the same name.
            lease: The new row of `lease`, or None where it stays.

        Raises:
            StoreError: If the disk does not take it; nothing must be committed then.
        """
        position, digest, rest = self._state.position, self._state.rows, self._rest.copy()
        for row in rows:
            position, digest = position + 1, digest_row(digest, (row[name] for name in COLUMNS))
        self._news = {source[0]: ("source", *source) for source in sources}
        if lease is not None:
            self._news[""] = ("lease", *lease)
        for name, new in self._news.items():
            if name in self._known:
                rest.take(self._known[name])
            rest.add(new)
        self._staged, self._staged_rest = StoreState(position, digest, rest.digest), rest
        self._book.will(self._staged)

    def commit(self) -> None:
        """The transaction is committed."""
        self._state, self._rest = self._staged, self._staged_rest
        self._known |= self._news
        self._book.did(self._state)

    def close(self) -> None:
        """Close the file."""
        self._book.close()


def _last_full(lines: Iterable[SealLine], head: int) -> SealLine | None:
    """The last line with whole digests that stands for no more than `head` rows and was committed."""
    best: SealLine | None = None
    for line in lines:
        if line.word != "did" and line.position <= head:
            best = line
    return best
