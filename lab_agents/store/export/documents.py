"""Every run's Bluesky documents in one JSON-lines file: what databroker, Tiled and others of their family read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab_agents.errors import BlobError
from lab_agents.messages.work import MeasurementTaken, TaskDone, TaskFailed
from lab_agents.store.export.runs import faults_of
from lab_agents.store.export.writing import write_lines
from lab_agents.store.reader import StoreReader


class BlobReader(Protocol):
    """Where documents are kept by the sha256 of their content."""

    def get(self, address: str) -> bytes:
        """The bytes at `address`.

        Raises:
            BlobError: If they are missing or do not match their address.
        """
        ...


@dataclass(frozen=True)
class ExportedDocuments:
    """What was written: runs that the log names, runs that a crash interrupted, and what was left out and why."""

    path: Path
    n_runs: int
    n_interrupted: int
    n_documents: int
    left_out: tuple[str, ...]


def export_documents(state: Path, out: Path, blobs: BlobReader) -> ExportedDocuments:
    """Write the documents of all runs into one file.

    Runs stand in the order of the log; those that only the document files know (a crash interrupted them and their
    act was reconciled) follow. Each is validated by event-model; one that is not whole and valid is left out and named.

    Args:
        state: The state folder.
        out: The file; it is replaced.
        blobs: Where documents are, `lab_agents.blob_place.blobs_of(state)`.

    Raises:
        StoreError: If there is no store, or it cannot be read.
        OSError: If the file cannot be written.
    """
    left_out: list[str] = []
    lines: list[bytes] = []
    with StoreReader(state / "store.sqlite") as reader:
        named = dict(_runs_of(reader))
    n_runs = sum(_take(lines, left_out, run, _get(blobs, address)) for run, address in named.items())
    interrupted = dict(_interrupted(state / "documents", set(named)))
    n_interrupted = sum(_take(lines, left_out, run, path.read_bytes()) for run, path in interrupted.items())
    write_lines(out, lines)
    return ExportedDocuments(out, n_runs, n_interrupted, len(lines), tuple(left_out))


def _runs_of(reader: StoreReader) -> Iterator[tuple[str, str]]:
    """Runs in the order of the log, with the address of their documents."""
    for logged in reader.entries(("TaskDone", "TaskFailed", "MeasurementTaken")):
        match logged.entry.record:
            case TaskDone(results=results) | TaskFailed(results=results):
                yield from ((one.run, one.blobs["documents"]) for one in results if "documents" in one.blobs)
            case MeasurementTaken(measurement=taken):
                yield taken.run, taken.documents


def _interrupted(folder: Path, named: set[str]) -> Iterator[tuple[str, Path]]:
    """Closed runs that the log does not name; a file is called `<token>_<run>.jsonl`."""
    for path in sorted(folder.rglob("*.jsonl")):
        run = path.stem.partition("_")[2]
        if run not in named:
            yield run, path


def _get(blobs: BlobReader, address: str) -> bytes | str:
    try:
        return blobs.get(address)
    except BlobError as error:
        return str(error)


def _take(lines: list[bytes], left_out: list[str], run: str, data: bytes | str) -> bool:
    """Append a run's lines, or say why it is left out."""
    fault = data if isinstance(data, str) else next(faults_of(data, run), None)
    if fault is not None or isinstance(data, str):
        left_out.append(f"run {run}: {fault}")
        return False
    lines.extend(line for line in data.splitlines(keepends=True))
    return True
