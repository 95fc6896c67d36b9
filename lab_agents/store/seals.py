"""Seals: what the recorder writes of its store into a file beside it, before each commit and after.

The chain in the log covers the bytes of entries. Seals cover every column of the tables that cannot be made again:
`log`, `source`, `lease`. They stand outside the database, are only ever added to, and may be sent elsewhere line by
line, so that also a store whose tail was cut off, or in which a row was added, is told from the one that was written.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab_agents.errors import StoreError

Word = Literal["will", "did", "found"]
"""`will` stands before a commit, `did` behind it; `found` where a recorder met another store than had been sealed."""

BEGINNING = "0" * 64
"""The digest of no rows."""
_SHORT = 16
"""Hexadecimal digits that `did` repeats of a `will`: it only says that this one was committed."""
_TAIL = 64 * 1024
"""Bytes read from the end to find the last lines."""


@dataclass(frozen=True)
class StoreState:
    """What is sealed: the number of rows of the log, the running digest of them, the digest of sources and lease."""

    position: int
    rows: str
    rest: str

    def is_said_by(self, line: "SealLine") -> bool:
        """Whether a line stands for this state; a `did` repeats only the beginning of the digests."""
        return line.position == self.position and self.rows.startswith(line.rows) and self.rest.startswith(line.rest)


@dataclass(frozen=True)
class SealLine:
    """One line of the file: `<word> <position> <rows> <rest>`."""

    word: Word
    position: int
    rows: str
    rest: str


def digest_row(before: str, columns: Iterable[object]) -> str:
    """The running digest after one more row of the log.

    Args:
        before: The digest of the rows before it.
        columns: Every column of the row but `entry`, in the order of the table; `chain` among them covers the entry.
    """
    text = json.dumps(list(columns), separators=(",", ":"))
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()


class Remainder:
    """The digest of the rows that change: a sum over rows, so that a change costs two hashes however many there are."""

    def __init__(self, rows: Iterable[tuple[object, ...]] = ()) -> None:
        self._sum = 0
        for row in rows:
            self.add(row)

    def add(self, row: tuple[object, ...]) -> None:
        """There is one row more."""
        self._sum = (self._sum + _number(row)) % 2**256

    def take(self, row: tuple[object, ...]) -> None:
        """There is one row less."""
        self._sum = (self._sum - _number(row)) % 2**256

    def copy(self) -> "Remainder":
        """The same sum, to go on from."""
        other = Remainder()
        other._sum = self._sum
        return other

    @property
    def digest(self) -> str:
        """As 64 hexadecimal digits."""
        return f"{self._sum:064x}"


def _number(row: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).digest(), "big")


class SealBook:
    """The file, opened for adding lines; one recorder writes it at a time, under the store's write lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def will(self, state: StoreState) -> None:
        """Say what the store will be once the present transaction is committed.

        Raises:
            StoreError: If the disk does not take it; nothing must be committed then.
        """
        self._add(f"will {state.position} {state.rows} {state.rest}\n")

    def did(self, state: StoreState) -> None:
        """Say that it was committed. A disk that does not take it costs only certainty about the last commit."""
        with suppress(StoreError):
            self._add(f"did {state.position} {state.rows[:_SHORT]} {state.rest[:_SHORT]}\n")

    def found(self, state: StoreState) -> None:
        """Say that the store was met in a state that nothing here had announced.

        Raises:
            StoreError: If the disk does not take it.
        """
        self._add(f"found {state.position} {state.rows} {state.rest}\n")

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _add(self, line: str) -> None:
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            data = line.encode()
            written = os.write(self._descriptor, data)
            if written < len(data):
                # Half a line would spoil the next one.
                os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
                raise StoreError(f"{self.path} has no room for a seal. Free the disk.")
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}. Free the disk.") from error


def standing(lines: Iterable[SealLine]) -> tuple[SealLine, ...]:
    """Of all lines those that say how the store may stand: the last that is no `did`, and the last that is no `will`.

    Between `will` and `did` a recorder may have been killed, before its commit or behind it: both count then.
    """
    announced, done = None, None
    for line in lines:
        if line.word != "did":
            announced = line
        if line.word != "will":
            done = line
    return tuple(line for line in (announced, done) if line is not None)


def read_seals(path: Path, *, tail: bool = False) -> tuple[SealLine, ...]:
    """The lines of a file, or only its last ones; empty where there is none. A last line without its end is left out.

    Raises:
        StoreError: If a line is none.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - _TAIL) if tail else 0
            file.seek(begin)
            data = file.read()
    except FileNotFoundError:
        return ()
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    return tuple(_parse(line, path) for line in (lines[1:] if begin else lines))


def _parse(line: bytes, path: Path) -> SealLine:
    words = line.decode(errors="replace").split(" ")
    if len(words) != 4 or words[0] not in ("will", "did", "found") or not words[1].isdecimal():
        raise StoreError(f"{path} holds a line that is no seal: {line[:40]!r}. Restore it from a backup.")
    lengths = (_SHORT, _SHORT) if words[0] == "did" else (64, 64)
    if (len(words[2]), len(words[3])) != lengths:
        raise StoreError(f"{path} holds a seal of another length: {line[:40]!r}. Restore it from a backup.")
    return SealLine(words[0], int(words[1]), words[2], words[3])  # type: ignore[arg-type]
