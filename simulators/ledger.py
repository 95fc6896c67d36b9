"""The ledger: every physical act of the simulated laboratory, a JSON line on disk before it takes effect."""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from simulators.errors import LedgerError

Detail = float | int | str | Sequence[float] | Sequence[str]


@dataclass(frozen=True)
class LedgerLine:
    """One physical act.

    Attributes:
        number: Dense from 1.
        at: Laboratory time, ISO 8601.
        wall: Wall time, ISO 8601.
        instrument: Who acted; `laboratory` for its power.
        token: The program's token, 16 hexadecimal digits; empty where no program acted.
        epoch: The epoch under which it was started.
        action: What was done, `dose` or `power_on`; see docs/instruments-wire.md for all.
        details: What moved; see docs/instruments-wire.md.
    """

    number: int
    at: str
    wall: str
    instrument: str
    token: str
    epoch: int
    action: str
    details: Mapping[str, Detail]

    def to_json(self) -> bytes:
        """The line as it stands in the file, with its end."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Ledger:
    """An append-only file of lines. A last line without its end was cut by a power cut: its act never took effect."""

    def __init__(self, path: Path) -> None:
        """Open or begin a ledger, and drop a line that was cut.

        Raises:
            LedgerError: If a line cannot be read or does not continue its predecessor.
        """
        self._path = path
        path.touch()
        self._lines = list(_read(path))
        self._file = os.open(path, os.O_RDWR | os.O_APPEND)
        whole = sum(len(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n"))
        os.ftruncate(self._file, whole)
        os.fsync(self._file)
        self._size = whole

    @property
    def head(self) -> int:
        """Number of the last line, 0 if there is none."""
        return self._lines[-1].number if self._lines else 0

    def after(self, number: int) -> tuple[LedgerLine, ...]:
        """The lines after line `number`, as read when the ledger was opened or appended since."""
        return tuple(line for line in self._lines if line.number > number)

    def append(self, line: LedgerLine) -> None:
        """Write a line and sync it.

        Raises:
            LedgerError: If its number is not the next.
            OSError: If the disk does not take it; nothing of the line is left then.
        """
        if line.number != self.head + 1:
            raise LedgerError(f"{self._path}: line {line.number} cannot follow line {self.head}.")
        data = line.to_json()
        try:
            _write_whole(self._file, data)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)
        # Only the newest line is kept: the file is the memory, and a laboratory may run for months.
        self._lines = [line]

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _write_whole(file: int, data: bytes) -> None:
    written = os.write(file, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes of a ledger line were written")
    os.fsync(file)


def read_ledger(path: Path) -> tuple[LedgerLine, ...]:
    """Every whole line of a ledger, also of one in use.

    Raises:
        LedgerError: If a line cannot be read or does not continue its predecessor.
    """
    return tuple(_read(path))


def _read(path: Path) -> Iterator[LedgerLine]:
    expected = 1
    for raw in path.read_bytes().splitlines(keepends=True):
        if not raw.endswith(b"\n"):
            return
        try:
            line = LedgerLine(**json.loads(raw))
        except (ValueError, TypeError) as error:
            raise LedgerError(
                f"{path}, line {expected}: no ledger line ({error}). Restore it from a backup."
            ) from error
        if line.number != expected:
            raise LedgerError(f"{path}, line {expected}: its number is {line.number}; lines are missing or doubled.")
        expected += 1
        yield line
