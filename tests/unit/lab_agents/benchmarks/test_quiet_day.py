"""The pace of a day is read from the ledger."""

import json
from pathlib import Path

from lab_agents.benchmarks.quiet_day import read_pace


def test_the_pace_counts_what_moved_and_how_long(tmp_path: Path) -> None:
    """Lines without a token (a power cut) are no actuations."""
    path = tmp_path / "ledger.jsonl"
    lines = [
        {"token": None, "wall": "2026-01-01T00:00:00+00:00"},
        *({"token": "a" * 16, "wall": f"2026-01-01T00:00:{second:02}+00:00"} for second in (10, 20, 40)),
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    assert read_pace(path) == (3, 30.0)


def test_no_ledger_is_no_pace(tmp_path: Path) -> None:
    """A campaign that never moved has none."""
    assert read_pace(tmp_path / "none.jsonl") == (0, 1.0)
