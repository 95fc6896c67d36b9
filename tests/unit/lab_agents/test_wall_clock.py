"""A wall clock that is set forward and back."""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lab_agents.wall_clock import map_step, step_clock, wall_now


def test_the_machines_clock_is_believed_unless_a_file_is_named() -> None:
    """Aware, in UTC."""
    assert map_step(None) is None
    assert abs(wall_now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert wall_now().tzinfo is UTC


@pytest.mark.parametrize("hours", [1, -1])
def test_a_step_is_seen_at_once_and_can_be_taken_back(
    hours: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by whoever looked before."""
    path = tmp_path / "clock"
    step_clock(path, 0.0)
    step = map_step(str(path))
    assert isinstance(step, mmap.mmap)
    monkeypatch.setattr("lab_agents.wall_clock._STEP", step)
    step_clock(path, 3600.0 * hours)
    assert abs(wall_now() - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=1)
    step_clock(path, 0.0)
    assert abs(wall_now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert struct.unpack("d", path.read_bytes()) == (0.0,)
    step.close()
