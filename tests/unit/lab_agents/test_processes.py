import asyncio
import os
import signal
import subprocess
import sys

import pytest

from lab_agents.processes import dying_with_parent, identity, kill, kill_and_wait

WAITING = (sys.executable, "-c", "import time\ntime.sleep(600)")


def test_a_process_keeps_its_identity_until_it_is_dead():
    assert identity(os.getpid()) == identity(os.getpid()) is not None
    with subprocess.Popen(WAITING) as process:
        name = identity(process.pid)
        assert name is not None
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identity(process.pid) is None, "a zombie is no process"


def test_a_number_that_was_given_to_another_process_is_not_killed():
    with subprocess.Popen(WAITING) as process:
        assert not kill(process.pid, "an earlier boot/1/2")
        assert process.poll() is None
        assert kill(process.pid, identity(process.pid) or "")
        assert process.wait() == -signal.SIGKILL
        assert not kill(process.pid, "it is gone")


async def test_a_frozen_process_of_somebody_else_is_killed_and_waited_for():
    process = await asyncio.create_subprocess_exec(*WAITING)
    name = identity(process.pid)
    process.send_signal(signal.SIGSTOP)
    assert await kill_and_wait(process.pid, name or "")
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("is_frozen", [False, True])
async def test_a_foreign_program_dies_with_the_process_that_started_it(is_frozen):
    # The program itself says who it is: by then it is bound, which one that is frozen sooner would never be.
    program = [sys.executable, "-c", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"]
    starting = (
        "import subprocess, sys\nfrom lab_agents.processes import dying_with_parent\n"
        f"subprocess.Popen(dying_with_parent({program!r}))\nsys.stdin.read()"
    )
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", starting, stdin=pipe, stdout=pipe)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert identity(child) is not None
    if is_frozen:
        # As a guard leaves its drivers that is killed between freezing and killing them.
        os.kill(child, signal.SIGSTOP)
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(30):
        while identity(child) is not None:
            await asyncio.sleep(0.01)


def test_a_foreign_program_runs_with_its_arguments():
    command = dying_with_parent([sys.executable, "-c", "import sys; print(sys.argv[1:])", "a b", "c"])
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"['a b', 'c']\n"
