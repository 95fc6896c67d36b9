"""Bytes of what a state folder holds."""

from pathlib import Path

from lab_agents.benchmarks.disk_use import size_of, weigh_disk, weigh_journals


def test_every_file_counts_where_it_belongs(tmp_path: Path) -> None:
    """Store with seals and write-ahead file, blobs in their folders, ledger, documents."""
    files = {"store.sqlite": 5, "store.sqlite-wal": 3, "store.seals": 2, "blobs/ab/cd": 7, "documents/robot/run": 11}
    for name, size in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    assert weigh_disk(tmp_path) == {"store": 10, "blobs": 7, "ledger": 0, "documents": 11}


def test_a_journal_counts_with_its_write_ahead_file(tmp_path: Path) -> None:
    """Locks are nothing."""
    folder = tmp_path / "journals"
    folder.mkdir()
    for name, size in {"robot.sqlite": 4, "robot.sqlite-wal": 6, "robot.lock": 1, "line.sqlite": 2}.items():
        (folder / name).write_bytes(b"x" * size)
    assert weigh_journals(tmp_path) == {"line": 2, "robot": 10}


def test_a_file_that_is_gone_has_no_size(tmp_path: Path) -> None:
    """A write-ahead file disappears with the last connection."""
    assert size_of(tmp_path / "gone") == 0
