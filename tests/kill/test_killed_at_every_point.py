"""Every await and commit of a task of several acts is a place to die; nothing is lost and nothing is done twice."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.buses import MemoryBuses
from tests.kill.laboratory import ToyLab
from tests.kill.toy import N_ACTS

N_WORKERS = 8
"""The points are shared out over this many cases, so that two processors can take them."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: the same SQLite, without waiting for a disk a thousand times."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def assert_done_once(lab: ToyLab) -> None:
    """Each act moved once, and the log holds each entry once."""
    kinds = [logged.entry.kind for logged in lab.entries()]
    assert len(lab.instrument.ledger) == N_ACTS
    assert len(set(lab.instrument.ledger)) == N_ACTS
    assert lab.instrument.refused == []
    assert kinds.count("AbortCampaign") == kinds.count("TaskStarted") == kinds.count("TaskDone") == 1
    assert "TaskFailed" not in kinds


def count_points(folder: Path) -> int:
    """How many points an undisturbed life has."""
    lab = ToyLab(folder / "undisturbed", MemoryBuses())
    lab.folder.mkdir()
    points = lab.live()
    assert_done_once(lab)
    return points


@pytest.mark.parametrize("loses_journal", [False, True], ids=["journal-kept", "journal-lost"])
@pytest.mark.parametrize("share", range(N_WORKERS))
def test_a_task_killed_at_any_point_is_finished_once(folder: Path, share: int, loses_journal: bool) -> None:
    """The next life goes on from disk, and asks the instrument where the journal is unsure."""
    for point in range(1 + share, count_points(folder) + 1, N_WORKERS):
        lab = ToyLab(folder / f"{point}", MemoryBuses())
        lab.folder.mkdir()
        lab.live(kill_at=point)
        if loses_journal:
            lab.forget_journal()
        lab.live()
        assert_done_once(lab)
        lab.remove()
