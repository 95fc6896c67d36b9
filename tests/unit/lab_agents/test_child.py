import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from lab_agents.child import MAX_LOG_BYTES, Child, ChildPlan, Spawn
from lab_agents.processes import identity
from lab_agents.settings import DEFAULT
from tests.toy_machine import BEATING


class Watch:
    now = 100.0

    def __call__(self):
        return self.now


def plan(tmp_path: Path, program: str = BEATING, **others) -> ChildPlan:
    def command(spawn: Spawn) -> list[str]:
        pipes = [] if spawn.up is None else ["--up", str(spawn.up), "--down", str(spawn.down)]
        return [sys.executable, "-c", program, *pipes]

    return ChildPlan("synthesis", "line", command, tmp_path / "line.log", **others)


async def started(child: Child, epoch: int = 1) -> Child:
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[3])
    child.start(await asyncio.to_thread(child.prepare, epoch), lambda: None)
    return child


async def ended(child: Child) -> str:
    async with asyncio.timeout(30):
        while (how := child.take_end()) is None:
            await asyncio.sleep(0.01)
    return how


async def beaten(child: Child) -> None:
    async with asyncio.timeout(30):
        while not child.is_up:
            await asyncio.sleep(0.01)


async def test_a_child_is_up_with_its_first_beat_and_gone_when_it_was_reaped(tmp_path):
    child = await started(Child(plan(tmp_path), Watch()), epoch=7)
    assert child.pid is not None
    assert not child.is_up
    await beaten(child)
    assert child.epoch == 7
    child.send(signal.SIGKILL)
    assert await ended(child) == "killed by SIGKILL"
    assert child.pid is None
    assert child.take_end() is None


def test_a_child_computes_in_one_thread(tmp_path, monkeypatch):
    """Whatever the guard was started with: sums must not depend on how many cores there are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    launch = Child(plan(tmp_path, environment=lambda: {"MINE": "x"}), Watch()).prepare(1)
    launch.close()
    assert {key: launch.environment[key] for key in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MINE")} == {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MINE": "x",
    }


async def test_who_only_computes_leaves_the_cores_to_others(tmp_path):
    nice = await started(Child(plan(tmp_path, niceness=10), Watch()))
    usual = await started(Child(plan(tmp_path), Watch()))
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    found = [os.getpriority(os.PRIO_PROCESS, child.pid) for child in (nice, usual)]
    for child in (nice, usual):
        child.send(signal.SIGKILL)
        await ended(child)
    assert found == [min(ours + 10, 19), ours]


async def test_silence_before_the_first_beat_is_judged_by_the_time_that_imports_take(tmp_path):
    watch = Watch()
    child = await started(Child(plan(tmp_path, "import time\ntime.sleep(60)"), watch))
    watch.now += DEFAULT.starting
    assert child.judge(watch.now) == "fine"
    watch.now += 0.1
    assert child.judge(watch.now) == "dead"
    child.send(signal.SIGKILL)
    await ended(child)


@pytest.mark.parametrize(("silence", "verdict"), [(1.9, "fine"), (2.1, "lost"), (4.9, "lost"), (5.1, "dead")])
async def test_a_silent_child_is_lost_after_two_seconds_and_dead_after_five(tmp_path, silence, verdict):
    watch = Watch()
    child = await started(Child(plan(tmp_path), watch))
    await beaten(child)
    child.send(signal.SIGSTOP)
    assert child.judge(watch.now + silence) == verdict
    child.forgive(silence)
    assert child.judge(watch.now + silence) == "fine", "a guard that slept itself has heard nobody"
    child.send(signal.SIGKILL)
    await ended(child)


async def test_what_a_child_had_started_ends_with_it(tmp_path):
    program = (
        "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(p.pid, flush=True)\np.wait()"
    )
    child = await started(Child(plan(tmp_path, program, beats=False), Watch()))
    async with asyncio.timeout(30):
        while not (text := await asyncio.to_thread((tmp_path / "line.log").read_text)).strip():
            await asyncio.sleep(0.01)
    os.kill(child.pid or 0, signal.SIGKILL)
    await ended(child)
    async with asyncio.timeout(30):
        while identity(int(text)) is not None:
            await asyncio.sleep(0.01)


async def test_an_exit_code_is_told(tmp_path):
    child = await started(Child(plan(tmp_path, "raise SystemExit(75)", beats=False), Watch()))
    assert await ended(child) == "exit code 75"


async def test_a_program_that_is_not_there_is_an_error_and_leaves_no_pipe(tmp_path):
    missing = ChildPlan("broker", "broker", lambda _: ["/nowhere/broker"], tmp_path / "broker.log")
    child = Child(missing, Watch())
    launch = await asyncio.to_thread(child.prepare, 1)
    with pytest.raises(FileNotFoundError):
        child.start(launch, lambda: None)
    for descriptor in launch.pipes or ():
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    assert child.pid is None


def test_a_long_log_is_put_aside(tmp_path):
    (tmp_path / "line.log").write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    Child(plan(tmp_path), Watch()).prepare(1).close()
    assert (tmp_path / "line.log.1").stat().st_size == MAX_LOG_BYTES + 1
