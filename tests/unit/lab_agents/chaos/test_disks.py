"""Striking at disks."""

import asyncio
import resource
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lab_agents.chaos.disks import hold_lock, no_room, protect

WRITER = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "a") as file:
            file.write("x" * 5000)
        print("written", flush=True)
    except OSError:
        print("refused", flush=True)
"""


def test_somebody_else_holds_the_database_and_gives_it_back(tmp_path: Path) -> None:
    """A real second connection: nobody else writes meanwhile."""
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE log (position INTEGER)")
    holder = threading.Thread(target=hold_lock, args=(path, 0.3))
    holder.start()
    mine = sqlite3.connect(path, timeout=0.0, isolation_level=None)
    refused = False
    while holder.is_alive():
        try:
            mine.execute("BEGIN IMMEDIATE")
            mine.execute("ROLLBACK")
        except sqlite3.OperationalError:
            refused = True
    holder.join()
    assert refused
    mine.execute("BEGIN IMMEDIATE")
    mine.close()


async def test_a_process_without_room_writes_nothing_and_then_goes_on(tmp_path: Path) -> None:
    """It is told so, as by a full disk, and lives."""
    path = tmp_path / "file"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(path)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None

    async def write() -> bytes:
        process.stdin.write(b"\n")
        return await process.stdout.readline()

    assert await write() == b"written\n"
    with no_room(process.pid):
        assert await write() == b"refused\n"
    assert await write() == b"written\n"
    process.kill()
    await process.wait()
    with pytest.raises(ProcessLookupError), no_room(process.pid):
        pass
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


def test_files_are_read_only_or_as_they_were(tmp_path: Path) -> None:
    """Whoever may write them all the same is not told that they are protected."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"")
    is_protected = protect([path])
    assert (path.stat().st_mode & 0o222 == 0) is is_protected
    path.chmod(0o644)
