"""`lab-agents benchmark tampering`: does `verify` find any single change in what a laboratory keeps?

A real campaign is run once. Then, for each seed, one thing in a copy of its store is changed: a column of a row of any
table, a row added, taken away, or two exchanged, the tail of the log cut off or prolonged with a chain that fits, a
byte of a blob, a whole blob.
"""

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab_agents.benchmarks.figures import Figure, not_run, verdict
from lab_agents.errors import LabAgentsError
from lab_agents.messages.frames import chain_after
from lab_agents.shipped import find_example
from lab_agents.store.maintenance import copy_store
from lab_agents.verifying import verify_state

LOG = "log"
SAMPLES = 8
"""Of the campaign whose store is changed: every kind of row, and some hundred entries, all read for each change."""


@dataclass(frozen=True)
class Change:
    """What was done to a store, in words."""

    how: str
    where: str


def benchmark_tampering(seeds: int, table: Path | None, progress: Callable[[int, int], None]) -> Sequence[Figure]:
    """One row: the share of `seeds` single changes that are found.

    Args:
        seeds: How many changes, each alone.
        table: Not used.
        progress: Told changes done and planned.
    """
    del table
    what = "share of single changes to log, tables and blobs that verify finds"
    with tempfile.TemporaryDirectory(prefix="lab-agents-benchmark-") as name:
        state, campaign = Path(name) / "state", Path(name) / "campaign.yaml"
        declared = yaml.safe_load(find_example("opv_blend.yaml").read_bytes())
        campaign.write_text(yaml.safe_dump({**declared, "budget": {"samples": SAMPLES}}))
        command = [sys.executable, "-m", "lab_agents.cli", "run", str(campaign)]
        ended = subprocess.run([*command, "--state", str(state), "--plain"], capture_output=True, check=False)
        if ended.returncode != 0:
            return [not_run(what, "1", f"the campaign ended with {ended.returncode}: {ended.stderr.decode()[-200:]}")]
        return [tampering_figure(what, state, seeds, progress)]


def tampering_figure(what: str, state: Path, n: int, progress: Callable[[int, int], None]) -> Figure:
    """The row of `n` single changes to a state folder, which itself is left as it is."""
    found: Counter[bool] = Counter()
    missed: list[str] = []
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="lab-agents-tampering-") as name:
        bench = TamperingBench(state, Path(name) / "state")
        clean = verify_state(bench.scratch).agrees
        for seed in range(n):
            change, is_found = bench.try_one(seed)
            found[is_found] += 1
            kinds[change.how] += 1
            if not is_found:
                missed.append(f"{change.how} {change.where} (seed {seed})")
            progress(seed + 1, n)
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    note = f"{n} changes: {said}" + (f"; missed: {'; '.join(missed[:5])}" if missed else "")
    if not clean:
        return Figure(figure=what, target="1", verdict="failed", note="the untouched store is not clean")
    return Figure(figure=what, target="1", measured=found[True] / n, verdict=verdict(not missed), note=note)


class TamperingBench:
    """A copy of a state folder in which one thing at a time is changed.

    Args:
        state: What is copied; its laboratory must not run.
        scratch: Where the copy stands.
    """

    def __init__(self, state: Path, scratch: Path) -> None:
        self.scratch = scratch
        scratch.mkdir(parents=True)
        self._whole = scratch.parent / "whole.sqlite"
        copy_store(state / "store.sqlite", self._whole)
        for name in ("store.seals", "lab.json", "lab.yaml"):
            if (state / name).exists():
                shutil.copy2(state / name, scratch / name)
        for name in ("blobs", "journals"):
            if (state / name).exists():
                shutil.copytree(state / name, scratch / name)
        self._store = scratch / "store.sqlite"
        self._restore()
        with closing(sqlite3.connect(self._store)) as store:
            names = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            self._tables = sorted(n for (n,) in names if store.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0])
        self._blobs = sorted((scratch / "blobs").glob("??/*"))

    def try_one(self, seed: int) -> tuple[Change, bool]:
        """Make one change, see whether it is found, take it back."""
        rng = random.Random(f"tampering {seed}")
        if self._blobs and rng.random() < 0.1:
            path = rng.choice(self._blobs)
            data = path.read_bytes()
            try:
                return _tamper_blob(path, data, rng), self._is_found()
            finally:
                path.write_bytes(data)
        with closing(sqlite3.connect(self._store, isolation_level=None)) as store:
            change = tamper_row(store, self._tables, rng)
        try:
            return change, self._is_found()
        finally:
            self._restore()

    def _is_found(self) -> bool:
        try:
            return not verify_state(self.scratch).agrees
        except LabAgentsError:
            return True  # what cannot be read any more is told as such

    def _restore(self) -> None:
        for tail in ("-wal", "-shm", "-journal"):
            Path(f"{self._store}{tail}").unlink(missing_ok=True)
        shutil.copyfile(self._whole, self._store)


def _tamper_blob(path: Path, data: bytes, rng: random.Random) -> Change:
    if rng.random() < 0.5:
        path.unlink()
        return Change("blob deleted", path.name[:12])
    at = rng.randrange(max(1, len(data)))
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] if data else b"x")
    return Change("blob edited", path.name[:12])


def tamper_row(store: sqlite3.Connection, tables: Sequence[str], rng: random.Random) -> Change:
    """Change one row of one of the tables.

    Every second change is one of the log: it has most columns.
    """
    while True:
        table = LOG if rng.random() < 0.5 else rng.choice(tables)
        do: _Tamper = rng.choice(
            (_edit, _edit, _delete, _insert, _exchange, *((_cut, _prolong) if table == LOG else ()))
        )
        store.execute("BEGIN")
        try:
            change = do(store, table, rng)
        except sqlite3.IntegrityError:
            store.execute("ROLLBACK")  # the database itself refuses it: no change at all
        else:
            store.execute("COMMIT")
            return change


_Tamper = Callable[[sqlite3.Connection, str, random.Random], Change]


def _edit(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    rowid, names, row = _pick(store, table, rng)
    at = rng.randrange(len(names))
    store.execute(f'UPDATE "{table}" SET "{names[at]}" = ? WHERE rowid = ?', (_other(row[at], rng), rowid))
    return Change("column edited", f"{table}.{names[at]}, row {rowid}")


def _delete(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    rowid, _, _ = _pick(store, table, rng)
    store.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
    return Change("row deleted", f"{table}, row {rowid}")


def _insert(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    """One more row, as another one but for what must be unique."""
    rowid, names, row = _pick(store, table, rng)
    unique = _unique(store, table)
    values = [_other(value, rng) if name in unique else value for name, value in zip(names, row, strict=True)]
    _put(store, table, names, values)
    return Change("row added", f"{table}, like row {rowid}")


def _exchange(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    """Two rows change places: each gets the other's key. Where there are no two, one is edited instead."""
    if store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] < 2:
        return _edit(store, table, rng)
    one, names, first = _pick(store, table, rng)
    other, _, second = _pick(store, table, rng)
    while other == one:
        other, _, second = _pick(store, table, rng)
    key = next(c[1] for c in store.execute(f'PRAGMA table_info("{table}")').fetchall() if c[5])
    at = names.index(key)
    if [*first[:at], *first[at + 1 :]] == [*second[:at], *second[at + 1 :]]:
        return _edit(store, table, rng)  # to exchange them would change nothing
    store.execute(f'DELETE FROM "{table}" WHERE rowid IN (?, ?)', (one, other))
    _put(store, table, names, [*first[:at], second[at], *first[at + 1 :]])
    _put(store, table, names, [*second[:at], first[at], *second[at + 1 :]])
    return Change("rows exchanged", f"{table}, rows {one} and {other}")


def _cut(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    """The last rows of the log are gone."""
    n = rng.randint(1, 3)
    store.execute(f'DELETE FROM "{table}" WHERE position > (SELECT max(position) FROM "{table}") - ?', (n,))
    return Change("tail cut off", f"{n} rows")


def _prolong(store: sqlite3.Connection, table: str, rng: random.Random) -> Change:
    """One more row at the end, whose id, sequence and chain are right."""
    _, names, row = _pick(store, table, rng)
    position, chain = store.execute(f'SELECT position, chain FROM "{table}" ORDER BY position DESC').fetchone()
    new = dict(zip(names, row, strict=True))
    (sequence,) = store.execute(f'SELECT max(sequence) FROM "{table}" WHERE source = ?', (new["source"],)).fetchone()
    forged = f"{new['id']}/more"
    entry = new["entry"].replace(f'"{new["id"]}"'.encode(), f'"{forged}"'.encode(), 1)
    new |= {"position": position + 1, "sequence": sequence + 1, "id": forged}
    new |= {"entry": entry, "chain": chain_after(chain, entry)}
    _put(store, table, names, [new[name] for name in names])
    return Change("row added behind the head", f"{new['kind']} of {new['source']}")


def _pick(store: sqlite3.Connection, table: str, rng: random.Random) -> tuple[int, list[str], list[Any]]:
    names = [column[1] for column in store.execute(f'PRAGMA table_info("{table}")').fetchall()]
    n = store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    query = f'SELECT rowid, {", ".join(names)} FROM "{table}" ORDER BY rowid LIMIT 1 OFFSET ?'
    rowid, *row = store.execute(query, (rng.randrange(n),)).fetchone()
    return rowid, names, row


def _put(store: sqlite3.Connection, table: str, names: Sequence[str], values: Sequence[object]) -> None:
    store.execute(f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({", ".join("?" * len(names))})', values)


def _unique(store: sqlite3.Connection, table: str) -> set[str]:
    keys = {column[1] for column in store.execute(f'PRAGMA table_info("{table}")').fetchall() if column[5]}
    for index in store.execute(f'PRAGMA index_list("{table}")').fetchall():
        if index[2]:
            keys |= {column[2] for column in store.execute(f'PRAGMA index_info("{index[1]}")').fetchall()}
    return keys


def _other(value: object, rng: random.Random) -> object:
    """A value of the same type that is another one; a missing one becomes a text."""
    match value:
        case None:
            return "forged"
        case int():
            return value + rng.choice((1, 7, 100_000))
        case float():
            return value * 1.01 + 1e-9
        case bytes():
            at = rng.randrange(len(value))
            return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        case _:
            text = str(value)
            at = rng.randrange(len(text) + 1)
            return text[:at] + "x" + text[at:]
