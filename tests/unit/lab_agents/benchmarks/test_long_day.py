"""Looking at a campaign while its samples are made."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lab_agents.benchmarks.long_day import count_made


def test_samples_are_counted_in_the_log(tmp_path: Path) -> None:
    """Other kinds do not count."""
    store = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(store)) as log, log:
        log.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, kind TEXT)")
        log.executemany("INSERT INTO log (kind) VALUES (?)", [("SampleMade",), ("BidMade",), ("SampleMade",)])
    assert count_made(store) == 2


def test_before_there_is_a_log_nothing_was_made(tmp_path: Path) -> None:
    """Looking makes no file."""
    assert count_made(tmp_path / "store.sqlite") == 0
    assert not list(tmp_path.iterdir())
