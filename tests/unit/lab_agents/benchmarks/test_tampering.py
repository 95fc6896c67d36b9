import random
import sqlite3
from contextlib import closing

from lab_agents.benchmarks.tampering import TamperingBench, tamper_row, tampering_figure


def test_twelve_changes_are_twelve_findings(written):
    """Each in a copy that is whole again before the next one."""
    told = []
    figure = tampering_figure("share", written, 12, lambda done, of: told.append((done, of)))
    assert figure.measured == 1.0, figure.note
    assert figure.verdict == "passed"
    assert told[-1] == (12, 12)


def test_a_change_always_changes_something(written, tmp_path):
    """Rows that the database refuses, or that equal one another, are not counted."""
    bench = TamperingBench(written, tmp_path / "bench" / "state")
    whole = (bench.scratch.parent / "whole.sqlite").read_bytes()
    for seed in range(40):
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes(whole)
        with closing(sqlite3.connect(copy, isolation_level=None)) as store:
            before = list(store.iterdump())
            change = tamper_row(store, ["log", "source", "observation"], random.Random(seed))
            assert sorted(store.iterdump()) != sorted(before), change
