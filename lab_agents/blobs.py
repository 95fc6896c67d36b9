"""Content-addressed raw data: what is too large for an entry."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from lab_agents.errors import BlobError

_ADDRESS = re.compile(r"[0-9a-f]{64}")


class Blobs(Protocol):
    """Bytes by the sha256 of their content; what was put once never changes."""

    def put(self, data: bytes) -> str:
        """Keep `data`; return its address once it is safely stored.

        Raises:
            BlobError: If they cannot be kept (a full or read-only disk); nothing stands under their address then.
        """
        ...

    def get(self, address: str) -> bytes:
        """The bytes at `address`.

        Raises:
            BlobError: If they are missing or do not match their address.
        """
        ...


@dataclass(frozen=True)
class Kept:
    """A blob that is there: its address, its size in bytes, when it was written (seconds of Unix time).

    `at` is infinite where the place that keeps it does not know.
    """

    address: str
    size: int
    at: float


class ClearableBlobs(Blobs, Protocol):
    """Blobs that can be listed and deleted: what `lab-agents gc` needs, and nobody else."""

    def kept(self) -> Iterator[Kept]:
        """Every blob that is there, in no order.

        Raises:
            BlobError: If they cannot be listed.
        """
        ...

    def remove(self, address: str) -> None:
        """Delete one; one that is gone is no mistake.

        Raises:
            BlobError: If it cannot be deleted.
        """
        ...


class DirectoryBlobs:
    """Blobs in a directory, as `<first two digits>/<sha256>`: written, synced and renamed before `put` returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, address: str) -> Path:
        """Where the blob of `address` stands."""
        if not _ADDRESS.fullmatch(address):
            raise BlobError(f"{address!r} is no blob address; one is 64 hexadecimal digits")
        return self.folder / address[:2] / address

    def put(self, data: bytes) -> str:
        """Keep `data` on disk."""
        address = hashlib.sha256(data).hexdigest()
        path = self.path(address)
        if path.exists():
            return address
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
        except OSError as error:
            raise _unkept(address, data, str(self.folder), error) from error
        return address

    def get(self, address: str) -> bytes:
        """Read and check."""
        try:
            data = self.path(address).read_bytes()
        except FileNotFoundError:
            raise BlobError(f"blob {address} is missing from {self.folder}; restore it from a backup") from None
        except OSError as error:
            raise BlobError(f"blob {address} cannot be read from {self.folder}: {error.strerror}") from error
        return _checked(address, data, str(self.folder))

    def kept(self) -> Iterator[Kept]:
        """List the files."""
        try:
            for path in self.folder.glob("??/*"):
                if _ADDRESS.fullmatch(path.name):
                    status = path.stat()
                    yield Kept(path.name, status.st_size, status.st_mtime)
        except OSError as error:
            raise BlobError(f"the blobs in {self.folder} cannot be listed: {error.strerror}") from error

    def remove(self, address: str) -> None:
        """Delete the file."""
        try:
            self.path(address).unlink(missing_ok=True)
        except OSError as error:
            raise BlobError(f"blob {address} cannot be deleted from {self.folder}: {error.strerror}") from error


class RemoteBlobs:
    """Blobs wherever fsspec reaches (`s3://bucket/prefix`, `memory://`): the store's own write is trusted to last.

    Raises:
        BlobError: If nothing that is installed speaks the URL's protocol.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self._files: Any
        try:
            self._files, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise BlobError(
                f"blobs cannot be kept at {url}: {error}. Install what speaks it, or mend `blobs`"
            ) from error
        self.url = url

    def put(self, data: bytes) -> str:
        """Keep `data` at the remote."""
        address = hashlib.sha256(data).hexdigest()
        path = f"{self._root}/{address[:2]}/{address}"
        try:
            # One of another size is what a broken connection left.
            if not self._files.exists(path) or self._files.size(path) != len(data):
                self._files.makedirs(f"{self._root}/{address[:2]}", exist_ok=True)
                self._files.pipe_file(path, data)
        except OSError as error:
            raise _unkept(address, data, self.url, error) from error
        return address

    def get(self, address: str) -> bytes:
        """Read and check."""
        try:
            data = bytes(self._files.cat_file(f"{self._root}/{address[:2]}/{address}"))
        except FileNotFoundError:
            raise BlobError(f"blob {address} is missing from {self.url}") from None
        except OSError as error:
            raise BlobError(f"blob {address} cannot be read from {self.url}: {error.strerror or error}") from error
        return _checked(address, data, self.url)

    def kept(self) -> Iterator[Kept]:
        """List what the remote holds, as fresh as it says."""
        try:
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True) if self._files.exists(self._root) else {}
        except OSError as error:
            raise BlobError(f"the blobs at {self.url} cannot be listed: {error.strerror or error}") from error
        for path, about in found.items():
            name = path.rpartition("/")[2]
            if _ADDRESS.fullmatch(name):
                yield Kept(name, int(about.get("size") or 0), self._written_at(path))

    def _written_at(self, path: str) -> float:
        try:
            return float(self._files.modified(path).timestamp())
        except (NotImplementedError, OSError):
            return float("inf")

    def remove(self, address: str) -> None:
        """Delete it at the remote."""
        try:
            self._files.rm_file(f"{self._root}/{address[:2]}/{address}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise BlobError(f"blob {address} cannot be deleted from {self.url}: {error.strerror or error}") from error


def open_blobs(location: str | Path) -> ClearableBlobs:
    """Blobs in a directory (also as `file://` URL), or behind a URL with another scheme.

    Raises:
        BlobError: If nothing that is installed speaks the URL's protocol.
    """
    if isinstance(location, Path) or "://" not in location:
        return DirectoryBlobs(Path(location))
    if urlsplit(location).scheme == "file":
        # Written, synced and renamed, which a remote's own write need not be.
        return DirectoryBlobs(Path(unquote(urlsplit(location).path)))
    return RemoteBlobs(location)


def _write(path: Path, data: bytes) -> None:
    """Write beside `path`, sync, rename; what could not be written whole is taken away."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _unkept(address: str, data: bytes, where: str, error: OSError) -> BlobError:
    return BlobError(
        f"blob {address} of {len(data)} bytes cannot be kept in {where}: {error.strerror or error}. Free the disk, or "
        "make it writable"
    )


def _checked(address: str, data: bytes, where: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != address:
        raise BlobError(f"blob {address} in {where} holds other content ({found}); restore it from a backup")
    return data


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
