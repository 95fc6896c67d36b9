"""Finding and deleting blobs that nothing names any more: what `lab-agents gc` does.

Blobs are named by entries of the log, by what is on its way into the log (outboxes of journals, frames of the command
line), and by other blobs (a question to a planner names a checkpoint). An address is looked for as text anywhere in
these, whatever the record: one that is found in vain costs some room, one that is missed would cost data.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from instruments.lab import read_laboratory
from lab_agents.blob_place import blobs_of
from lab_agents.blobs import ClearableBlobs, Kept
from lab_agents.errors import BlobError, StateFolderError, StoreError
from lab_agents.records.base import Record
from lab_agents.state_folder import StateFolder, locked
from lab_agents.store.reader import StoreReader

YOUNG = 3600.0
"""Seconds: a blob is written before what names it, so one that is younger may still be named."""
YOUNG_ELSEWHERE = 7 * 24 * 3600.0
"""The same with several machines, whose journals do not stand in one folder: as long as one may be cut off."""
LARGEST_TEXT = 16 * 2**20
"""Bytes: larger blobs are raw data, which name nothing; reading them would only cost time."""

_ADDRESS = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class Collected(Record):
    """What a collection found: numbers of blobs, and their sizes in bytes.

    `n_young` are named by nothing and kept, because something may yet name them. `deleted` is False where it was only
    asked what would be deleted.
    """

    state: str
    deleted: bool
    n_named: int
    named_bytes: int
    n_young: int
    young_bytes: int
    n_unnamed: int
    unnamed_bytes: int

    def to_text(self) -> str:
        """For people."""
        what = "deleted" if self.deleted else "would be deleted"
        lines = [
            f"{self.n_unnamed} blobs {what}, which nothing names: {_size(self.unnamed_bytes)}",
            f"{self.n_named} blobs are kept, because the log or what is on its way there names them: "
            f"{_size(self.named_bytes)}",
        ]
        if self.n_young:
            lines.append(f"{self.n_young} blobs are kept, because they are young: {_size(self.young_bytes)}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Sorting:
    """The blobs of a place by what is to become of them."""

    named: tuple[Kept, ...]
    young: tuple[Kept, ...]
    unnamed: tuple[Kept, ...]


def collect(state: Path, *, is_dry: bool = False, now: float | None = None) -> Collected:
    """Delete the blobs of a state folder that nothing names.

    Args:
        state: The state folder; its laboratory must not run, so that nothing is named meanwhile.
        is_dry: Delete nothing, only say what would be deleted; may be asked beside a running laboratory.
        now: Seconds of Unix time; the wall clock by default.

    Raises:
        StateFolderError: If the laboratory runs.
        StoreError: If the log cannot be read, or its chain is broken: then nobody knows what it names.
        BlobError: If the blobs cannot be listed, or one cannot be deleted; what was deleted before stays so.
    """
    folder = StateFolder.open(state)
    machines = read_laboratory(folder.lab_file).machines
    blobs = blobs_of(folder.path)
    young = YOUNG if len(machines) == 1 else YOUNG_ELSEWHERE
    with ExitStack() as held:
        if not is_dry:
            _keep_at_rest(folder, machines, held)
        found = sort_blobs(
            tuple(blobs.kept()), find_named(folder, blobs), (time.time() if now is None else now) - young
        )
        if not is_dry:
            for one in found.unnamed:
                blobs.remove(one.address)
    return Collected(
        state=str(folder.path),
        deleted=not is_dry,
        n_named=len(found.named),
        named_bytes=_sum(found.named),
        n_young=len(found.young),
        young_bytes=_sum(found.young),
        n_unnamed=len(found.unnamed),
        unnamed_bytes=_sum(found.unnamed),
    )


def sort_blobs(kept: tuple[Kept, ...], named: frozenset[str], young_since: float) -> Sorting:
    """Which blobs are named, which may yet be, and which nothing will ever ask for."""
    others = [one for one in kept if one.address not in named]
    return Sorting(
        named=tuple(one for one in kept if one.address in named),
        young=tuple(one for one in others if one.at > young_since),
        unnamed=tuple(one for one in others if one.at <= young_since),
    )


def find_named(folder: StateFolder, blobs: ClearableBlobs) -> frozenset[str]:
    """Every address that the log, a journal, a waiting frame, or a blob named by these names.

    Raises:
        StoreError: If the log cannot be read, or its chain is broken.
    """
    sizes = {one.address: one.size for one in blobs.kept()}
    found = {address for text in _texts(folder) for address in _addresses(text)}
    waiting = [address for address in found if sizes.get(address, LARGEST_TEXT + 1) <= LARGEST_TEXT]
    while waiting:
        new = {a for a in _inside(blobs, waiting.pop()) if a in sizes} - found
        found |= new
        waiting.extend(address for address in new if sizes[address] <= LARGEST_TEXT)
    return frozenset(found)


def _keep_at_rest(folder: StateFolder, machines: tuple[str, ...], held: ExitStack) -> None:
    """Hold the places of the guards and of the recorder, so that none of them begins meanwhile."""
    places = [folder.guard(machine) / "lock" for machine in machines]
    try:
        for place in (*places, folder.store.with_suffix(".lock")):
            held.enter_context(locked(place, within=0.2))
    except StateFolderError as error:
        raise StateFolderError(
            f"The laboratory in {folder.path} runs ({error}). End it with: lab-agents end --state {folder.path}; "
            "or only look, with --dry-run."
        ) from None


def _texts(folder: StateFolder) -> Iterator[bytes]:
    """Everything that may name a blob, apart from blobs."""
    # One that is there and empty is refused: it may have been lost, and nothing that it named must be deleted.
    if folder.store.exists():
        with StoreReader(folder.store) as reader:
            fault = next(iter(reader.verify_chain().faults), None)
            if fault is not None:
                raise StoreError(
                    f"The log in {folder.store} is damaged ({fault}), so nobody knows which blobs it named. "
                    "Restore it from a backup first."
                )
            yield from (data for _, data in reader.sealed())
    for path in sorted((folder.path / "journals").glob("*")):
        if not path.name.endswith(("-wal", "-shm")):
            yield from _journal_texts(path)
    yield from (path.read_bytes() for path in sorted(folder.once.glob("*")) if path.is_file())
    yield folder.lab_file.read_bytes()


def _journal_texts(path: Path) -> Iterator[bytes]:
    """Every value of every table: what an agent has decided and not yet said stands somewhere in its journal."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as journal:
            for (table,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in journal.execute(f'SELECT * FROM "{table}"'):
                    yield from (v if isinstance(v, bytes) else v.encode() for v in row if isinstance(v, bytes | str))
    except sqlite3.Error as error:
        raise StateFolderError(
            f"The journal {path} cannot be read ({error}), so nobody knows which blobs it names. Start the laboratory "
            "once, which makes it anew, or move it out of the folder."
        ) from error


def _inside(blobs: ClearableBlobs, address: str) -> Iterator[str]:
    try:
        return _addresses(blobs.get(address))
    except BlobError:
        return iter(())  # what is damaged names nothing that could be found through it; an audit tells of it


def _addresses(text: bytes) -> Iterator[str]:
    return (match.group().decode() for match in _ADDRESS.finditer(text))


def _sum(blobs: tuple[Kept, ...]) -> int:
    return sum(one.size for one in blobs)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 100_000 else f"{n_bytes:,} bytes"
