"""One laboratory's state on disk: where everything stands, how it is written, who holds what."""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Any
from uuid import uuid4

from lab_agents import __version__
from lab_agents.errors import StateFolderError

FORMAT = 1
"""Version of the layout; a folder of another one is refused, never guessed at."""


@dataclass(frozen=True)
class StateFolder:
    """The layout of a state folder. `path` is absolute; only `create` makes anything."""

    path: Path

    @classmethod
    def create(cls, path: Path, lab: str, lab_file: bytes) -> "StateFolder":
        """Open the folder of laboratory `lab`, making it where there is none.

        Args:
            path: The folder; its parents are made.
            lab: Name of the laboratory.
            lab_file: The lab file as given; becomes `lab.yaml` of a new folder. In an old one the file that is there
                stays (see `replace_lab_file`), because running processes have read it.

        Raises:
            StateFolderError: If it belongs to another laboratory or format, holds something else, or cannot be written.
        """
        folder = cls(path.resolve())
        with _explained(folder.path):
            if not folder.identity.exists():
                _check_unused(folder.path)
                for name in (
                    "blobs",
                    "journals",
                    "documents",
                    "guard",
                    "simulator",
                    "compute",
                    "once",
                    "logs",
                    "broker",
                ):
                    (folder.path / name).mkdir(parents=True, exist_ok=True)
                write_atomically(folder.lab_file, lab_file)
                # The identity comes last: a folder that has one is whole.
                mark = uuid4().hex[:8]
                write_json(folder.identity, {"format": FORMAT, "lab": lab, "version": __version__, "mark": mark})
            folder.check_identity(lab)
            folder.check_writable()
        return folder

    @classmethod
    def open(cls, path: Path) -> "StateFolder":
        """Open a folder that exists.

        Raises:
            StateFolderError: If there is none, or it is of another format.
        """
        folder = cls(path.resolve())
        if not folder.identity.is_file():
            raise StateFolderError(
                f"{path} is no state folder: it has no lab.json. Give the right one with --state, or begin with `run`."
            )
        folder.check_identity(None)
        return folder

    @property
    def lab(self) -> str:
        """Name of the laboratory it belongs to."""
        return str(read_json(self.identity)["lab"])

    @property
    def is_backup(self) -> bool:
        """Whether it is a copy that `lab-agents backup` made."""
        return self.identity.exists() and "backup" in read_json(self.identity)

    @property
    def mark(self) -> str:
        """The laboratory's name with what tells this folder from another one of the same laboratory."""
        identity = read_json(self.identity)
        return "-".join(str(identity[key]) for key in ("lab", "mark") if key in identity)

    def check_identity(self, lab: str | None) -> None:
        """Raise a `StateFolderError` where the folder is of another laboratory than `lab`, or of another format."""
        found = read_json(self.identity)
        if found.get("format") != FORMAT:
            raise StateFolderError(
                f"{self.path} has state format {found.get('format')}, written by version {found.get('version')}; this "
                f"version {__version__} reads format {FORMAT}. Use that version, or a fresh folder with --state."
            )
        if "backup" in found:
            raise StateFolderError(
                f"{self.path} is a backup, in which nothing may run. Make a folder of it: lab-agents restore "
                f"{self.path} --state NEW"
            )
        if lab is not None and found.get("lab") != lab:
            raise StateFolderError(
                f"{self.path} belongs to the laboratory {found.get('lab')!r}, not to {lab!r}. "
                "Give another folder with --state."
            )

    def check_writable(self) -> None:
        """Raise a `StateFolderError` where 64 KiB cannot be written and synced: a full disk, a read-only folder."""
        probe = self.path / f".probe-{os.getpid()}"
        with _explained(self.path):
            try:
                with probe.open("wb") as file:
                    file.write(b"\0" * 65536)
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                with suppress(OSError):
                    probe.unlink()

    def replace_lab_file(self, lab_file: bytes) -> None:
        """Let the next start read another lab file; call it only while no guard runs."""
        with _explained(self.path):
            write_atomically(self.lab_file, lab_file)

    @property
    def pending_notices(self) -> Path:
        """What people outside are still to be told; the lock of the process that tells them stands beside it."""
        return self.path / "notifications" / "pending.sqlite"

    @property
    def identity(self) -> Path:
        """`lab.json`: format, laboratory, software version that made it, the folder's mark."""
        return self.path / "lab.json"

    @property
    def lab_file(self) -> Path:
        """The lab file as last given."""
        return self.path / "lab.yaml"

    @property
    def store(self) -> Path:
        """The central store."""
        return self.path / "store.sqlite"

    @property
    def blobs(self) -> Path:
        """Content-addressed raw data, unless the lab file keeps them elsewhere (see `lab_agents.blob_place`)."""
        return self.path / "blobs"

    def journal(self, agent: str) -> Path:
        """The journal of one agent."""
        return self.path / "journals" / f"{agent}.sqlite"

    @property
    def documents(self) -> Path:
        """Append-only files of Bluesky documents."""
        return self.path / "documents"

    def guard(self, machine: str) -> Path:
        """The folder of one machine's guard."""
        return self.path / "guard" / machine

    @property
    def broker(self) -> Path:
        """Configuration and persistence of the broker that the guard starts."""
        return self.path / "broker"

    @property
    def simulator(self) -> Path:
        """The simulated laboratory's own files."""
        return self.path / "simulator"

    @property
    def addresses(self) -> Path:
        """Instrument to address with its real port, as the simulated laboratory listens."""
        return self.simulator / "addresses.json"

    @property
    def compute(self) -> Path:
        """Sockets of the compute workers."""
        return self.path / "compute"

    @property
    def once(self) -> Path:
        """Frames of command line calls that are not yet in the log."""
        return self.path / "once"

    def log(self, name: str) -> Path:
        """What the process `name` printed."""
        return self.path / "logs" / f"{name}.log"

    @property
    def runtime(self) -> Path:
        """`runtime.json`: how the running processes reach one another."""
        return self.path / "runtime.json"


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        StateFolderError: If it is missing, unreadable or no JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StateFolderError(f"{path} is missing.") from None
    except (OSError, ValueError) as error:
        raise StateFolderError(
            f"{path} cannot be read: {error}. Restore it from a backup, or use a fresh folder."
        ) from error
    if not isinstance(value, dict):
        raise StateFolderError(f"{path} holds no JSON object. Restore it from a backup, or use a fresh folder.")
    return value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file as a whole; on return it is on disk."""
    write_atomically(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file as a whole: a reader, or a power cut at any instant, sees the old bytes or the new ones."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def locked(path: Path, *, within: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on `path`, made where missing; the kernel frees it with the process, however it ends.

    The holder's process id is written into the file, for people.

    Raises:
        StateFolderError: If another process holds it for longer than `within` seconds. Blocks the thread meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + within
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise StateFolderError(
                    f"{path} is held by process {holder}. End it first, or use another state folder."
                )
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def lock_holder(path: Path) -> int | None:
    """Process id of whoever holds the lock on `path`, or None where nobody does.

    It takes the lock for an instant to find out, so a holder-to-be must try for longer than once.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _try_lock(descriptor, fcntl.LOCK_SH):
            return None
        text = os.pread(descriptor, 32, 0).split()
        return int(text[0]) if text and text[0].isdigit() else 0
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_unused(path: Path) -> None:
    strangers = [p.name for p in path.iterdir()] if path.is_dir() else []
    known = {"blobs", "journals", "documents", "guard", "simulator", "compute", "once", "logs", "broker", "lab.yaml"}
    strangers = sorted(name for name in strangers if name not in known and not name.startswith("."))
    if strangers:
        raise StateFolderError(
            f"{path} holds other things ({', '.join(strangers[:3])}) and no lab.json. "
            "Give an empty or new folder with --state."
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        reasons = {
            errno.EROFS: "is on a read-only disk. Give a folder on a writable one with --state",
            errno.EACCES: "may not be written by this user. Change its permissions, or give another one with --state",
            errno.ENOSPC: "is on a full disk. Free some space; nothing was lost",
            errno.EDQUOT: "is over its quota. Free some space; nothing was lost",
            errno.ENOTDIR: "is not a folder. Give another path with --state",
            errno.EEXIST: "is not a folder. Give another path with --state",
        }
        reason = reasons.get(error.errno or 0, f"cannot be written: {error}. Give another folder with --state")
        raise StateFolderError(f"{path} {reason}.") from error
