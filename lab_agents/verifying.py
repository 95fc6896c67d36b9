"""Whether a state folder still is what its laboratory wrote: what `lab-agents verify` asks.

It writes nothing, and may run beside a working laboratory. `docs/audit.md` says what is found and what cannot be.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import text
from sqlalchemy.engine import Connection

from lab_agents import __version__
from lab_agents.auditing.evidence import Evidence, gather
from lab_agents.auditing.report import Check, Finding, align, check_all
from lab_agents.blob_place import blobs_of
from lab_agents.blobs import ClearableBlobs
from lab_agents.errors import BlobError, StoreError
from lab_agents.messages.frames import Seal
from lab_agents.state_folder import StateFolder
from lab_agents.store.maintenance import compare_projections
from lab_agents.store.opening import open_read_only, snapshot
from lab_agents.store.schema import check_revision
from lab_agents.store.sealing import seals_of
from lab_agents.store.seals import SealLine, read_seals
from lab_agents.store.verification import raw_rows, verify_rows, verify_seals


@dataclass(frozen=True)
class Anchor:
    """How far one agent had followed which log, as its own journal says."""

    agent: str
    log: str
    position: int
    chain: str


@dataclass(frozen=True)
class Verification:
    """What was found. `agrees` is False where anything was; `doubts` are no faults, and good to know."""

    state: str
    log: str
    head: int
    chain: str
    checks: tuple[Check, ...]
    doubts: tuple[str, ...]
    agrees: bool

    def to_text(self) -> str:
        """For people: a table, then every finding and doubt."""
        rows = [("check", "question", "checked", "verdict")]
        for check in self.checks:
            verdict = f"{len(check.findings)} found" if check.findings else check.note or "clean"
            rows.append((check.name, check.question, str(check.n_checked), verdict))
        lines = [f"log {self.log}, {self.head} entries, chain {self.chain[:16]}…", "", *align(rows)]
        for check in self.checks:
            lines += ["", f"{check.name}:"] if check.findings else []
            lines += [f"  {finding.subject}: {finding.what}" for finding in check.findings]
        lines += ["", "doubts:", *(f"  {doubt}" for doubt in self.doubts)] if self.doubts else []
        end = "Nothing was changed." if self.agrees else "Something was changed: see docs/audit.md for what to do."
        return "\n".join([*lines, "", end])


def verify_state(state: Path) -> Verification:
    """Look whether anything in a state folder was edited, added or taken away since it was written.

    Args:
        state: The state folder, or a backup.

    Raises:
        StoreError: If there is no store, or it is no longer a database that can be read.
        StateFolderError: If the lab file of the folder cannot be read.
    """
    store = StateFolder(state.resolve()).store
    # Journals first: they may lag behind the log, which may go on meanwhile, and never be ahead of it.
    anchors = read_anchors(state)
    before = read_seals(seals_of(store))
    engine = open_read_only(store)
    try:
        with snapshot(engine, store) as connection:
            return _verify(connection, state, before, anchors)
    finally:
        engine.dispose()


def _verify(connection: Connection, state: Path, before: Sequence[SealLine], anchors: Sequence[Anchor]) -> Verification:
    store = state.resolve() / "store.sqlite"
    file = _check_file(connection, store)
    log = connection.execute(text("SELECT log FROM lease")).scalars().first() or ""
    head, chain = connection.execute(text("SELECT position, chain FROM log ORDER BY position DESC")).first() or (0, "")
    evidence = _evidence(connection)
    checks = (
        file,
        check_all(
            *("log", "positions are dense, the chain is unbroken, columns are as the entries say", head),
            (Finding("log", fault) for fault in verify_rows(raw_rows(connection))),
        ),
        _check_seals(connection, store, before),
        _check_tables(file, store, int(head), evidence),
        _check_journals(connection, anchors, str(log), int(head)),
        _check_blobs(evidence, blobs_of(state)),
    )
    return Verification(
        state=str(state),
        log=str(log),
        head=int(head),
        chain=str(chain),
        checks=checks,
        doubts=tuple(_doubts(before)),
        agrees=not any(check.findings for check in checks),
    )


def _check_file(connection: Connection, store: Path) -> Check:
    """SQLite's own pages and indexes, and the tables of which each store has one row."""
    question = "pages, indexes, revision and lease are whole"
    told = connection.execute(text("PRAGMA integrity_check(5)")).scalars()
    faults = [str(what) for what in told if what != "ok"]
    for table in ("lease", "alembic_version"):
        n = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        faults += [f"table {table} has {n} rows; a store has one"] if n != 1 else []
    if not faults:
        try:
            check_revision(connection, store)
        except StoreError as error:
            faults.append(str(error))
    return check_all("file", question, 1, (Finding(store.name, fault) for fault in faults))


def _check_tables(file: Check, store: Path, head: int, evidence: Evidence) -> Check:
    question = "the queried tables are what the log makes"
    if file.findings:
        return Check("tables", question, 0, note="not asked: the file is damaged")
    faults = compare_projections(store, is_older=evidence.versions != {__version__})
    return check_all("tables", question, head, (Finding("table", fault) for fault in faults))


def _check_seals(connection: Connection, store: Path, before: Sequence[SealLine]) -> Check:
    question = "every column of log, source and lease is as it was sealed"
    if not before:
        return Check("seals", question, 0, note="no seals: written before there were any")
    # The first read of the store fixed what is seen of it; what is sealed after that may or may not be in it.
    connection.execute(text("SELECT count(*) FROM lease")).scalar_one()
    after = read_seals(seals_of(store))
    return check_all(
        "seals", question, len(after), (Finding("log", one) for one in verify_seals(connection, before, after))
    )


def _doubts(seals: Sequence[SealLine]) -> Iterator[str]:
    for line in seals:
        if line.word == "found":
            yield (
                f"a recorder met {line.position} entries that had not been sealed so: after a power cut, a restored "
                "backup, or a change by a foreign hand while no recorder ran"
            )


def read_anchors(state: Path) -> tuple[Anchor, ...]:
    """How far each agent's journal in a state folder has followed the log; one that cannot be read tells nothing."""
    anchors = []
    for path in sorted((state / "journals").glob("*.sqlite")):
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as journal:
                meta = dict(journal.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error:
            continue
        if meta.get("log"):
            anchors.append(Anchor(path.stem, meta["log"], int(meta.get("position", 0)), meta.get("chain", "")))
    return tuple(anchors)


def _check_journals(connection: Connection, anchors: Sequence[Anchor], log: str, head: int) -> Check:
    """The agents' journals are other processes' word on what the log was."""

    def faults() -> Iterator[Finding]:
        for anchor in anchors:
            if anchor.log != log:
                yield Finding(anchor.agent, f"followed the log {anchor.log}, this one is {log}")
            elif anchor.position > head:
                yield Finding(anchor.agent, f"followed the log to {anchor.position}; it ends at {head}")
            elif anchor.position:
                query = text("SELECT chain FROM log WHERE position = :position")
                chain = connection.execute(query, {"position": anchor.position}).scalar()
                if chain != anchor.chain:
                    yield Finding(anchor.agent, f"met another chain at {anchor.position} than stands there")

    return check_all("journals", "the log is the one that every agent followed", len(anchors), faults())


def _evidence(connection: Connection) -> Evidence:
    names = ("position", "chain", "source", "epoch", "sequence", "recorded_at")

    def sealed() -> Iterator[tuple[Seal, bytes]]:
        for row in raw_rows(connection):
            if isinstance(row.entry, bytes):
                # As it stands: what a foreign hand made of it would not validate, and is found elsewhere.
                yield Seal.model_construct(log="", **{name: getattr(row, name) for name in names}), row.entry

    return gather(sealed())


def _check_blobs(evidence: Evidence, blobs: ClearableBlobs) -> Check:
    named = evidence.blobs
    kept = {one.address for one in blobs.kept()}
    orphans = kept - named.keys()

    def faults() -> Iterator[Finding]:
        for address in (*named, *sorted(orphans)):
            try:
                blobs.get(address)
            except BlobError as error:
                yield Finding(f"{address[:12]}…", str(error))

    note = f"clean; {len(orphans)} named by no entry" if orphans else ""
    return check_all(
        "blobs", "each blob named in the log is there, each one there is unchanged", len(kept), faults(), note
    )
