"""Bluesky documents of every run, kept whole: one append-only file of JSON lines a run, synced at its end."""

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from event_model import DocumentNames, schema_validators
from jsonschema import ValidationError

from instruments.errors import DocumentsError

Document = Mapping[str, Any]

_OPEN, _CLOSED = ".open", ".jsonl"


class DocumentFiles:
    """Writes the documents of one RunEngine's runs, one after the other; a callable to subscribe to it.

    A file is `<token>_<run>.open` until the run's stop document is on disk, then `<token>_<run>.jsonl`. The folder
    belongs to one engine, whose RunEngines may share it: `close_interrupted` closes every open run in it, and is called
    before the first of them runs. Writing happens in a thread of its own, so that a slow disk stops no plan; `settle`
    and `finish` tell what became of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="documents")
        self._last: Future[None] | None = None
        self._run = ""
        self._kept: list[dict[str, Any]] = []
        self._file: BinaryIO | None = None
        self._path = folder

    def __call__(self, name: str, document: Document) -> None:
        """Take one document; returns at once."""
        if name == "start":
            self._run, self._kept = str(document["uid"]), []
        kept = {"name": name, "doc": json.loads(json.dumps(document, default=_plain))}
        self._kept.append(kept)
        self._last = self._thread.submit(self._write, name, kept, self._last)

    def settle(self) -> Future[None]:
        """Done when all documents so far are written; holds a DocumentsError where that failed."""
        return self._last or self._thread.submit(lambda: None)

    def finish(self) -> tuple[str, tuple[Mapping[str, Any], ...], bytes]:
        """Wait until the last run is on disk; its uid, its documents as `{"name", "doc"}`, its file's content.

        Raises:
            DocumentsError: If they could not be written, or are not what event-model allows.
        """
        self.settle().result()
        return self._run, tuple(self._kept), self._path.read_bytes()

    def start_of(self, token: str) -> Document | None:
        """The start document of the last run for `token`, or None."""
        files = sorted(self._folder.glob(f"{token}_*{_CLOSED}"), key=lambda path: path.stat().st_mtime)
        if not files:
            return None
        for line in _lines(files[-1]):
            return dict(line["doc"])
        return None

    def close_interrupted(self, reason: str) -> tuple[Path, ...]:
        """Close every run that a dead process left open, with a stop document that says so."""
        closed = []
        for path in sorted(self._folder.glob(f"*{_OPEN}")):
            lines = [line for line in _lines(path) if line["name"] in _NAMES]
            if lines and lines[-1]["name"] != "stop":
                lines.append({"name": "stop", "doc": _stop(lines, reason)})
            path.write_bytes(b"".join(_line(line) for line in lines))
            closed.append(_seal(path))
        return tuple(closed)

    def close(self) -> None:
        """Write what is pending, then end the thread."""
        self._thread.shutdown(wait=True)
        if self._file is not None:
            self._file.close()

    def _write(self, name: str, kept: Mapping[str, Any], before: Future[None] | None) -> None:
        if before is not None and name != "start":
            before.result()
        try:
            schema_validators[DocumentNames[name]].validate(kept["doc"])
        except ValidationError as error:
            raise DocumentsError(f"A {name} document of run {self._run} is not valid: {error.message}") from error
        try:
            self._append(name, kept)
        except OSError as error:
            raise DocumentsError(
                f"The documents of run {self._run} could not be kept in {self._folder}: {error}. Free the disk, then "
                "restart; an act that moved is reconciled by its token."
            ) from error

    def _append(self, name: str, kept: Mapping[str, Any]) -> None:
        if name == "start":
            self._path = self._folder / f"{kept['doc'].get('token', 'none')}_{kept['doc']['uid']}{_OPEN}"
            self._file = self._path.open("ab")
        if self._file is None:
            raise DocumentsError(f"A {name} document came before any start document")
        self._file.write(_line(kept))
        self._file.flush()
        if name == "stop":
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            # Not synced: a rename that a crash undoes leaves a whole run open, which the next start seals.
            self._path = self._path.rename(self._path.with_suffix(_CLOSED))


_NAMES = frozenset(name.name for name in DocumentNames)


def _plain(value: object) -> object:
    """A numpy object as plain numbers; event-model's own encoder looks for dask on the disk for each of them."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"a document holds {value!r}, which is no JSON")


def _line(kept: Mapping[str, Any]) -> bytes:
    return json.dumps(kept, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file; one that a crash cut short is left out."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield json.loads(line)


def _stop(lines: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    streams = {line["doc"]["uid"]: line["doc"]["name"] for line in lines if line["name"] == "descriptor"}
    events = [streams[line["doc"]["descriptor"]] for line in lines if line["name"] == "event"]
    return {
        "uid": str(uuid.uuid4()),
        "time": time.time(),
        "run_start": lines[0]["doc"]["uid"],
        "exit_status": "fail",
        "reason": reason,
        "num_events": {stream: events.count(stream) for stream in streams.values()},
    }


def _seal(path: Path) -> Path:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path.rename(path.with_suffix(_CLOSED))
