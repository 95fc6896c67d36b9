"""On-line backups of a state folder, and state folders made from them.

A backup holds what cannot be made again: the log with its seals, every blob, the lab file, waiting commands, counters
and latches of the guards, and, of a simulated laboratory, what stands for the hardware. Journals are left out: agents
make theirs anew from the log.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

from instruments.lab import read_laboratory
from lab_agents.blob_place import blobs_of
from lab_agents.blobs import ClearableBlobs, DirectoryBlobs
from lab_agents.epochs import EpochCounter
from lab_agents.errors import BlobError, StateFolderError, StoreError
from lab_agents.records.base import Record
from lab_agents.state_folder import StateFolder, read_json, write_atomically, write_json
from lab_agents.store.maintenance import copy_store, cut_seals
from lab_agents.store.sealing import seals_of
from lab_agents.verifying import Verification, verify_state

EPOCHS_APART = 1000
"""Starts of processes that the laboratory may have seen since its backup, and that instruments may remember: a restored
one counts on from behind them. Too few, and its agents would be taken for old ones."""


class BackedUp(Record):
    """What a backup holds; `is_whole` says whether everything in it was found to fit at the end."""

    folder: str
    lab: str
    at: str
    head: int
    chain: str
    n_blobs: int
    blob_bytes: int
    is_whole: bool

    def to_text(self) -> str:
        """For people."""
        verdict = "verified" if self.is_whole else "NOT whole: lab-agents verify says what is wrong"
        return (
            f"{self.folder}: {self.lab} as of {self.at}, {self.head} entries, {self.n_blobs} blobs of "
            f"{self.blob_bytes / 1e6:,.1f} MB; {verdict}"
        )


def back_up(state: Path, target: Path) -> BackedUp:
    """Copy a state folder as it stands at one instant, beside a laboratory that goes on, and verify the copy.

    Blobs are written before the entries that name them and never changed, so those copied behind the store are all that
    it names.

    Args:
        state: The state folder.
        target: The backup's folder; new or empty.

    Raises:
        StateFolderError: If the target is in use or cannot be written, or `state` is a backup itself.
        StoreError: If the store cannot be copied.
        BlobError: If a blob cannot be kept in the target.
    """
    folder, copy = StateFolder.open(state), StateFolder(target.resolve())
    _check_empty(copy.path)
    try:
        copy.path.mkdir(parents=True, exist_ok=True)
        # Before the store: a command that is answered meanwhile stands in the log, one that is not yet is sent again.
        _copy_files(folder.once, copy.once, "*.frame")
        copy_store(folder.store, copy.store)
        cut_seals(folder.store, copy.store)
        # Behind the store: hardware is never younger than the log that speaks of it.
        _copy_hardware(folder, copy)
        n_blobs, size = _copy_blobs(blobs_of(folder.path), DirectoryBlobs(copy.blobs))
        _copy_guards(folder, copy)
        write_atomically(copy.lab_file, folder.lab_file.read_bytes())
        at = datetime.now(UTC).isoformat(timespec="seconds")
        # The identity comes last: a folder that has one is whole.
        write_json(copy.identity, {**read_json(folder.identity), "backup": at})
    except OSError as error:
        raise StateFolderError(
            f"{copy.path} cannot be written: {error.strerror}. Free the disk, remove the folder, and begin again."
        ) from error
    found = verify_state(copy.path)
    return _backed_up(copy, at, found, n_blobs, size)


def restore(backup: Path, state: Path) -> BackedUp:
    """Make a state folder from a backup; `resume` then goes on from there.

    Agents make their journals anew from the log, and ask the instruments what became of acts that were begun: a token
    that an instrument has seen since is not executed again. What a laboratory did after its backup is in no log any
    more; a person looks at the instruments first.

    Args:
        backup: A folder that `back_up` made.
        state: The new state folder.

    Raises:
        StateFolderError: If `backup` is none or was changed, or `state` is in use or cannot be written.
        BlobError: If a blob cannot be kept where the lab file says.
    """
    source, folder = StateFolder(backup.resolve()), StateFolder(state.resolve())
    identity = read_json(source.identity)
    if "backup" not in identity:
        raise StateFolderError(f"{backup} is no backup. Make one with: lab-agents backup TARGET --state {backup}")
    found = verify_state(source.path)
    if not found.agrees:
        raise StateFolderError(f"{backup} was changed or is not whole: lab-agents verify {backup} says what is wrong.")
    _check_empty(folder.path)
    at = str(identity.pop("backup"))
    try:
        for name in ("journals", "documents", "guard", "simulator", "compute", "once", "logs", "broker", "blobs"):
            (folder.path / name).mkdir(parents=True, exist_ok=True)
        for path in (source.store, seals_of(source.store), source.lab_file):
            if path.exists():
                shutil.copy2(path, folder.path / path.name)
        for part in ("once", "simulator"):
            shutil.copytree(source.path / part, folder.path / part, dirs_exist_ok=True)
        _restore_guards(source, folder)
        # A mark of its own: where blobs are kept elsewhere, each folder has its own part of the place.
        write_json(folder.identity, {**identity, "mark": uuid4().hex[:8]})
        n_blobs, size = _copy_blobs(DirectoryBlobs(source.blobs), blobs_of(folder.path))
    except OSError as error:
        raise StateFolderError(
            f"{folder.path} cannot be written: {error.strerror}. Free the disk, remove the folder, and begin again."
        ) from error
    return _backed_up(folder, at, found, n_blobs, size)


def _backed_up(folder: StateFolder, at: str, found: Verification, n_blobs: int, size: int) -> BackedUp:
    return BackedUp(
        folder=str(folder.path),
        lab=str(read_json(folder.identity)["lab"]),
        at=at,
        head=found.head,
        chain=found.chain,
        n_blobs=n_blobs,
        blob_bytes=size,
        is_whole=found.agrees,
    )


def _check_empty(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise StateFolderError(f"{path} is not empty. Name a new folder; nothing is ever written over.")


def _copy_blobs(blobs: ClearableBlobs, target: ClearableBlobs) -> tuple[int, int]:
    n, size = 0, 0
    for kept in blobs.kept():
        try:
            data = blobs.get(kept.address)
        except BlobError:
            continue  # damaged already: the copy lacks it, and its verification says whether anything names it
        target.put(data)
        n, size = n + 1, size + len(data)
    return n, size


def _copy_files(source: Path, target: Path, pattern: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob(pattern)):
        try:
            write_atomically(target / path.name, path.read_bytes())
        except FileNotFoundError:
            continue  # its call was answered meanwhile


def _copy_hardware(folder: StateFolder, copy: StateFolder) -> None:
    """The simulated laboratory: its world, then its ledger, from which it makes up for what the world lacks."""
    copy.simulator.mkdir(parents=True, exist_ok=True)
    world = folder.simulator / "world.sqlite"
    if world.exists():
        try:
            address = f"file:{quote(str(world))}?mode=ro"
            with (
                closing(sqlite3.connect(address, uri=True, timeout=5.0)) as live,
                closing(sqlite3.connect(copy.simulator / world.name)) as kept,
            ):
                live.backup(kept)
        except sqlite3.Error as error:
            raise StoreError(f"{world} cannot be copied: {error}. Free the disk, and begin again.") from error
    for name in ("ledger.jsonl", "table.json"):
        if (path := folder.simulator / name).exists():
            data = path.read_bytes()
            write_atomically(copy.simulator / name, data[: data.rfind(b"\n") + 1] if name == "ledger.jsonl" else data)


def _copy_guards(folder: StateFolder, copy: StateFolder) -> None:
    for machine in _machines(folder):
        _copy_files(folder.guard(machine), copy.guard(machine), "counter.json")
        _copy_files(folder.guard(machine), copy.guard(machine), "latch.json")


def _restore_guards(source: StateFolder, folder: StateFolder) -> None:
    """Counters that go on far behind every epoch that the log or a guard knew; latches as they were."""
    with closing(sqlite3.connect(f"file:{quote(str(source.store))}?mode=ro", uri=True)) as store:
        (known,) = store.execute("SELECT coalesce(max(epoch), 0) FROM source").fetchone()
    for machine in _machines(source):
        _copy_files(source.guard(machine), folder.guard(machine), "latch.json")
        folder.guard(machine).mkdir(parents=True, exist_ok=True)
        above = max(known, EpochCounter(source.guard(machine) / "counter.json").last) + EPOCHS_APART
        EpochCounter(folder.guard(machine) / "counter.json").next(above=above)


def _machines(folder: StateFolder) -> Iterator[str]:
    yield from read_laboratory(folder.lab_file).machines
