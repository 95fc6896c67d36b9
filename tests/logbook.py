"""A small laboratory's state folder, written through the real store: what tests of store, audit and replay read."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab_agents.blobs import DirectoryBlobs
from lab_agents.messages.entry import KINDS, Body, Entry
from lab_agents.messages.frames import Header
from lab_agents.store.projections import project
from lab_agents.store.writer import LogWriter, Offered, SourceState

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class LogBook:
    """Appends entries as the recorder would, one commit each."""

    state: Path
    writer: LogWriter = field(init=False)
    blobs: DirectoryBlobs = field(init=False)
    _sequences: dict[str, int] = field(default_factory=dict)
    _ordinals: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self.writer = LogWriter(self.state / "store.sqlite", "toy", project)
        self.blobs = DirectoryBlobs(self.state / "blobs")

    @property
    def path(self) -> Path:
        """The store's file."""
        return self.state / "store.sqlite"

    def add(self, source: str, body: Body, *, cause: int = 0, entry_id: str = "", **envelope: object) -> int:
        """Append `body` from `source`; returns its position. Laboratory time is one minute per position."""
        ordinal = self._ordinals[source, cause]
        self._ordinals[source, cause] += 1
        kind = type(body).__name__
        fields = {"subject": "toy", "at": START + timedelta(minutes=self.writer.position), "campaign": "first"}
        entry = Entry(
            id=entry_id or f"{source}/{cause}/{ordinal}",
            kind=kind,
            schema_version=KINDS[kind].version,
            cause=cause or None,
            record=body,
            **(fields | envelope),  # type: ignore[arg-type]
        )
        sequence = self._sequences[source] = self._sequences.get(source, 0) + 1
        offered = Offered(Header(source=source, epoch=1, sequence=sequence), entry, entry.to_bytes())
        self.writer.append([offered], {source: SourceState(1, 0, sequence)}, START)
        return self.writer.position

    def copied(self, state: Path) -> "LogBook":
        """The same book in another folder, open for more; this one must be closed."""
        shutil.copytree(self.state, state)
        other = LogBook(state)
        other._sequences = dict(self._sequences)
        other._ordinals = Counter(self._ordinals)
        return other

    def close(self) -> None:
        """Close the store."""
        self.writer.close()
