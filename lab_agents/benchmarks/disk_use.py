"""What a state folder takes on disk, by what it holds."""

from collections.abc import Mapping
from pathlib import Path

Disk = Mapping[str, int]
"""Bytes of `store`, `blobs`, `ledger` and `documents`."""


def weigh_disk(state: Path) -> Disk:
    """Bytes of what grows with a campaign."""
    return {
        "store": sum(size_of(path) for path in state.glob("store.*")),
        "blobs": _whole(state / "blobs"),
        "ledger": size_of(state / "simulator" / "ledger.jsonl"),
        "documents": _whole(state / "documents"),
    }


def weigh_journals(state: Path) -> dict[str, int]:
    """Bytes of each agent's journal with its write-ahead file."""
    return {
        path.stem: size_of(path) + size_of(path.with_name(f"{path.name}-wal"))
        for path in sorted((state / "journals").glob("*.sqlite"))
    }


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none (any more)."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _whole(folder: Path) -> int:
    return sum(size_of(path) for path in folder.rglob("*") if path.is_file())
