"""The machine's wall clock, which people and daemons set forward and back while processes run."""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

STEPPED = "LAB_AGENTS_STEPPED_CLOCK"
"""Name of an environment variable: a file whose 8 bytes (a double, seconds) are added to the machine's clock.

Nobody lets a trial set the clock of a machine; this is how processes are shown one that was set.
"""


def wall_now() -> datetime:
    """The present wall time, aware, UTC. It may jump either way: intervals are measured by the monotonic clock."""
    return datetime.now(UTC) + timedelta(seconds=struct.unpack_from("d", _STEP)[0] if _STEP is not None else 0.0)


def step_clock(path: Path, seconds: float) -> None:
    """Let the wall clock of every process that was started with `STEPPED` naming `path` be off by so many seconds."""
    # In place: whoever has mapped the file sees it at once.
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(struct.pack("d", seconds))


def map_step(path: str | None) -> mmap.mmap | None:
    """The file's bytes as they are at each look, or None where the machine's clock is to be believed."""
    if path is None:
        return None
    with Path(path).open("rb") as file:
        return mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)


_STEP = map_step(os.environ.get(STEPPED))
