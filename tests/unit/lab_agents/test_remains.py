import asyncio
import signal
import sys

import pytest

from lab_agents.errors import StateFolderError
from lab_agents.processes import identity
from lab_agents.remains import RecordedChild, bury, record_children, recorded_children

WAITING = (sys.executable, "-c", "import time\ntime.sleep(600)")


def row(name, pid, *, epoch=3, detached=False):
    name_of_process = identity(pid) or "gone"
    return RecordedChild(
        role="synthesis", name=name, pid=pid, identity=name_of_process, epoch=epoch, started="", detached=detached
    )


async def test_children_of_a_dead_guard_are_buried_and_what_is_detached_goes_on(tmp_path):
    line = await asyncio.create_subprocess_exec(*WAITING)
    simulator = await asyncio.create_subprocess_exec(*WAITING)
    line.send_signal(signal.SIGSTOP)
    kept = row("simulator", simulator.pid, epoch=9, detached=True)
    path = tmp_path / "children.json"
    await asyncio.to_thread(record_children, path, row("main", 999999), (row("line", line.pid), kept))
    remains = await bury(path)
    assert await line.wait() == -signal.SIGKILL
    assert simulator.returncode is None
    assert remains.detached == (kept,)
    assert remains.standing == ()
    assert remains.last_epoch == 9
    assert not remains.is_standing("line")
    simulator.kill()
    await simulator.wait()


async def test_before_the_first_guard_nothing_remains(tmp_path):
    assert (await bury(tmp_path / "children.json")).last_epoch == 0


def test_what_was_written_down_is_read_again(tmp_path):
    rows = (row("main", 1), row("line", 2))
    record_children(tmp_path / "children.json", rows[0], rows[1:])
    assert recorded_children(tmp_path / "children.json") == rows


def test_a_list_that_is_none_is_refused(tmp_path):
    (tmp_path / "children.json").write_text('{"guard": 3}')
    with pytest.raises(StateFolderError, match="holds no list of children"):
        recorded_children(tmp_path / "children.json")
